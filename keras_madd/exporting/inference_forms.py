"""Layers rewritten for running: the same numbers from operations that LiteRT runs fast.

Training code is written for every Keras backend and for gradients; some of it converts to
operations that XNNPACK, LiteRT's engine on processors, does not take over, and each of those cuts
the graph in two. A form computes what its layer does at inference, on TensorFlow, with weights as
constants, in four dimensions:

- a batch normalisation in front of a convolution, which cannot be folded into it, and the pixel
  scaling are 1x1 depthwise convolutions: one operation, exact per channel in 8 bits;
- averaging over cells and repeating them are strided convolutions;
- the released code's grouped blocks are one chain per attention map;
- a pooled vector's length is bounded from below where training code selects.
"""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from keras_madd import layers
from keras_madd.layers.resampling import (
    align_corners_matrix,
    local_average,
    nearest_upsample,
    resample,
)

# Kernels that repeat cells are diagonal, so their size grows with the square of the channels.
_MOST_REPEATING_WEIGHTS = 65536


def in_inference_form(network: keras.Model, batch: int) -> keras.Model:
    """Rebuilds a functional network, its nested ones too, with every layer in its inference form.

    Args:
        network: From `build_network`. It is not changed; the result shares its other layers.
        batch: The fixed batch size.

    Returns:
        A model of the same inputs, batch apart, and outputs.
    """

    def call(layer, *args, **kwargs):
        make = next((make for kind, make in _FORMS if isinstance(layer, kind)), None)
        if make is None:
            return layer(*args, **kwargs)
        return _Form(layer.name, make(layer))(*args)

    pixels = keras.Input(batch_shape=(batch, *network.input_shape[1:]), dtype="float32")
    return keras.models.clone_model(
        network,
        input_tensors=pixels,
        clone_function=lambda layer: layer,
        call_function=call,
        recursive=True,
    )


class _Form(keras.layers.Layer):
    """Calls a function of tensors under a layer's name."""

    def __init__(self, name: str, function: Callable):
        super().__init__(name=name, dtype="float32")
        self.function = function

    def call(self, *inputs):
        return self.function(*inputs)


def _scaling(layer: keras.layers.Rescaling) -> Callable:
    scale, offset = (np.asarray(value, "float32") for value in (layer.scale, layer.offset))

    def form(x):
        if len(x.shape) != 4 or max(scale.ndim, offset.ndim) > 1:
            return x * scale + offset
        channels = x.shape[-1]
        return _scale_and_shift(
            x, np.broadcast_to(scale, channels), np.broadcast_to(offset, channels)
        )

    return form


def _texture(layer: layers.TextureEnhancement) -> Callable:
    normalizations = [_scale_of(each) for each in layer.normalizations]
    convs = [_weights_of(each) for each in layer.convs]

    def form(features, maps):
        residual, average = _residual(features, maps)
        return _dense_block(residual, normalizations, convs), average

    return form


def _deepfakebench_texture(layer: layers.DeepfakeBenchTextureEnhancement) -> Callable:
    normalizations = [_scale_of(each) for each in (layer.bn1, layer.bn2, layer.bn3)]
    convs = [_weights_of(each) for each in (layer.conv1, layer.conv2, layer.conv3)]
    first, last = _weights_of(layer.conv0), _weights_of(layer.conv_last)
    before, after = _scale_of(layer.bn4), _scale_of(layer.bn_last)

    def form(features, maps):
        residual, average = _residual(features, maps)
        dense = _dense_block(_convolve(residual, *first), normalizations, convs)
        x = _convolve(tf.nn.relu(_scale_and_shift(dense, *before)), *last)
        return x * after[0] + after[1], average

    return form


def _official_texture(layer: layers.OfficialTextureEnhancement) -> Callable:
    extract = _weights_of(layer.conv_extract)
    groups = layer.conv0.groups
    convs = {
        name: _groups_of(_weights_of(getattr(layer, name)), groups)
        for name in ("conv0", "conv1", "conv2", "conv3", "conv_last")
    }
    norms = {
        name: _groups_of(_scale_of(getattr(layer, name)), groups)
        for name in ("bn1", "bn2", "bn3", "bn4", "bn_last")
    }

    def form(features, maps):
        features = _convolve(features, *extract)
        average = _average_cells(features, maps.shape[1:3])
        if average.shape[1] < features.shape[1]:
            features = features - _repeat_cells(average, features.shape[1:3])
        attention = tf.tanh(_resize_aligned(maps, features.shape[1:3]))
        textures = []
        for group in range(groups):
            attended = features * attention[..., group : group + 1]
            dense = _dense_block(
                _convolve(attended, *convs["conv0"][group]),
                [norms[name][group] for name in ("bn1", "bn2", "bn3")],
                [convs[name][group] for name in ("conv1", "conv2", "conv3")],
            )
            x = tf.nn.relu(_scale_and_shift(dense, *norms["bn4"][group]))
            x = _convolve(x, *convs["conv_last"][group])
            scale, shift = norms["bn_last"][group]
            textures.append(tf.nn.relu(x * scale + shift))
        # Reshaping is free: `_pooling` does it again, and the converter merges the two.
        batch, height, width, channels = features.shape
        texture = tf.reshape(tf.concat(textures, -1), (batch, height, width, groups, channels))
        return texture, average

    return form


def _pooling(layer: layers.BilinearAttentionPooling) -> Callable:
    def resize(maps, size):
        if tuple(maps.shape[1:3]) == tuple(size):
            return maps
        if layer.interpolation == "align_corners":
            return _resize_aligned(maps, size)
        return tf.image.resize(maps, size, "bilinear")

    def form(features, maps):
        batch, height, width = features.shape[:3]
        maps = resize(maps, (height, width))
        count, positions = maps.shape[-1], height * width
        maps = tf.reshape(maps, (batch, positions, count))
        flat = tf.reshape(features, (batch, positions, -1))
        pooled = tf.matmul(maps, flat, transpose_a=True)
        if len(features.shape) == 5:
            # Every map has pooled every map's features; its own are the blocks on the diagonal.
            channels = features.shape[-1]
            own = [
                pooled[:, each : each + 1, each * channels : (each + 1) * channels]
                for each in range(count)
            ]
            pooled = tf.concat(own, 1)
        if layer.normalization == "average":
            # Every map plus 1e-8, as in training, where no constant may be 0 in half precision:
            # without attention that is the mean of the features.
            least = max(positions * 1e-8, 6e-8)
            total = tf.reshape(tf.reduce_sum(maps, 1), (batch, count, 1))
            mean = tf.reduce_mean(flat, 1, keepdims=True)
            if len(features.shape) == 5:
                mean = tf.reshape(mean, (batch, count, -1))
            return (pooled + least * mean) / (total + least)
        if layer.normalization == "l2":
            # Scaled by the largest value first, so that half precision holds the squares. A region
            # that nothing attends to stays a vector of zeros; both bounds are normal numbers in
            # half precision, as a smaller one would be 0 there, and 0 times infinity NaN.
            # The largest magnitude by minima: 8 bits have neither absolute values nor maxima.
            negative = pooled * -1.0
            largest = tf.maximum(
                tf.reduce_min(negative, -1, keepdims=True) * -1.0,
                tf.reduce_min(pooled, -1, keepdims=True) * -1.0,
            )
            root = tf.math.rsqrt(tf.maximum(largest, 1e-4))
            scaled = pooled * root * root
            squared = tf.reduce_sum(scaled * scaled, -1, keepdims=True)
            return scaled * tf.math.rsqrt(tf.maximum(squared, 1e-4))
        return pooled

    return form


def _region_dropout(layer: layers.RegionDropout) -> Callable:
    return lambda local_features, maps: (local_features, maps)


_FORMS = (
    (keras.layers.Rescaling, _scaling),
    (layers.TextureEnhancement, _texture),
    (layers.DeepfakeBenchTextureEnhancement, _deepfakebench_texture),
    (layers.OfficialTextureEnhancement, _official_texture),
    (layers.BilinearAttentionPooling, _pooling),
    (layers.RegionDropout, _region_dropout),
)


def _residual(features, maps):
    """Returns the features minus their local average, and the average."""
    average = _average_cells(features, maps.shape[1:3])
    return features - _repeat_cells(average, features.shape[1:3]), average


def _average_cells(x, size):
    """`local_average`, a whole ratio as one depthwise convolution: XNNPACK's pooling is float."""
    height, width, channels = x.shape[1:]
    side = height // size[0]
    if side == 1 or (side * size[0], side * size[1]) != (height, width):
        return local_average(x, size)
    kernel = np.full((side, side, channels, 1), 1 / side**2, "float32")
    return tf.nn.depthwise_conv2d(x, kernel, (1, side, side, 1), "VALID")


def _repeat_cells(x, size):
    """`nearest_upsample`, a whole ratio as one transposed convolution."""
    batch, height, width, channels = x.shape
    if size[0] % height or size[1] % width or tuple(size) == (height, width):
        return nearest_upsample(x, size)
    rows, columns = size[0] // height, size[1] // width
    if rows * columns * channels**2 > _MOST_REPEATING_WEIGHTS:
        return nearest_upsample(x, size)
    kernel = np.broadcast_to(np.eye(channels, dtype="float32"), (rows, columns, channels, channels))
    shape = (batch, *size, channels)
    return tf.nn.conv2d_transpose(x, kernel, shape, (rows, columns), "VALID")


def _resize_aligned(maps, size):
    """Bilinear resizing that maps corners onto corners, as `align_corners_matrix` does."""
    if min(*maps.shape[1:3], *size) == 1:
        return resample(maps, size, align_corners_matrix)
    return tf.compat.v1.image.resize_bilinear(maps, size, align_corners=True)


def _dense_block(x, normalizations, convs):
    for (scale, shift), (kernel, bias) in zip(normalizations, convs, strict=True):
        grown = _convolve(tf.nn.relu(_scale_and_shift(x, scale, shift)), kernel, bias)
        x = tf.concat([x, grown], -1)
    return x


def _scale_and_shift(x, scale, shift):
    kernel = tf.constant(scale[None, None, :, None])
    return tf.nn.depthwise_conv2d(x, kernel, (1, 1, 1, 1), "VALID") + shift


def _convolve(x, kernel, bias):
    return tf.nn.conv2d(x, kernel, 1, "SAME") + bias


def _weights_of(conv) -> tuple[np.ndarray, np.ndarray]:
    kernel, bias = (keras.ops.convert_to_numpy(each) for each in (conv.kernel, conv.bias))
    return kernel.astype("float32"), bias.astype("float32")


def _scale_of(normalization: keras.layers.BatchNormalization) -> tuple[np.ndarray, np.ndarray]:
    """Returns the factor and the offset that a batch normalisation comes down to."""
    mean, variance, gamma, beta = (
        keras.ops.convert_to_numpy(each).astype("float64")
        for each in (
            normalization.moving_mean,
            normalization.moving_variance,
            normalization.gamma,
            normalization.beta,
        )
    )
    scale = gamma / np.sqrt(variance + normalization.epsilon)
    return scale.astype("float32"), (beta - mean * scale).astype("float32")


def _groups_of(arrays, groups: int) -> list[tuple[np.ndarray, ...]]:
    """Cuts the last axis of each array into one equal part for each map."""
    return list(zip(*(np.split(each, groups, axis=-1) for each in arrays), strict=True))
