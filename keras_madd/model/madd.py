"""MADD: the detector as a Keras model."""

import contextlib
import json
import os
import pathlib
import tempfile

import keras
import numpy as np

from keras_madd.model.callbacks import CentreStepDecay
from keras_madd.model.config import MADDConfig
from keras_madd.model.network import (
    build_augmentation,
    build_network,
    build_region_independence,
    synchronize_batch_norm,
)
from keras_madd.model.presets import preset_config
from keras_madd.model.seeds import seeds_from
from keras_madd.model.two_pass_training import TwoPassTraining

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.weights.h5"


@keras.saving.register_keras_serializable(package="keras_madd")
class MADD(TwoPassTraining, keras.Model):
    """Multi-attentional deepfake detector.

    Face crops go in, logits come out; class 0 is real, class 1 fake (or one class for each
    manipulation). `fit` makes the method's two-pass step, see `TwoPassTraining`.

    Args:
        config: A `MADDConfig`; or `None` and its fields as keyword arguments.
        backbone_weights: `"imagenet"`, the path of a weights file, or `None`.
        name: Name of the model.
        dtype: Dtype policy, such as `"mixed_float16"`; `None`: Keras's current one.
        **fields: Fields of `MADDConfig`, in place of `config` or to change it.

    Call arguments:
        pixels: RGB face crops, 0..255, of any dtype; scaling is inside the model.
        training: Whether to run in training mode.

    Input shape:
        `(B, H, W, 3)`, `(H, W)` being `config.input_size`.

    Output shape:
        `(B, num_classes)` logits, float32.

    Example:
        >>> model = MADD.from_preset("madd_efficientnet_b0")
        >>> model.compile()
        >>> model.fit(faces, labels, epochs=5)
        >>> model.fake_probability(faces)

    Reference:
        Zhao et al., Multi-attentional Deepfake Detection, CVPR 2021, arXiv 2103.02406.
    """

    def __init__(
        self,
        config: MADDConfig | None = None,
        *,
        backbone_weights: str | None = None,
        name: str = "madd",
        dtype=None,
        **fields,
    ):
        super().__init__(name=name, dtype=dtype)
        # Layers
        config = (config or MADDConfig()).replace(**fields)
        self.config = config
        with _dtype_policy(self.dtype_policy), seeds_from(config.seed):
            self.network, self.prefix = build_network(config, backbone_weights)
        if config.synchronized_batch_norm:
            synchronize_batch_norm(self.network)
        self.region_independence = self.augmentation = None
        if config.trains_region_independence:
            self.region_independence = build_region_independence(config)
            self.region_independence.build(self.network.output["regional_features"].shape)
        if config.trains_on_augmented:
            self.augmentation = build_augmentation(config)
        # Training state
        self.term_trackers = self.make_term_trackers()
        self.build((None, *config.input_size, 3))

    def build(self, input_shape):
        """Nothing is left to build: all weights exist from the constructor on."""
        self.built = True

    def call(self, pixels, training=None):
        """Return the logits; inside a training step, everything the loss needs."""
        self._check_pixels(pixels)
        if self.is_stepping:
            return self.training_outputs(pixels)
        return self.network(pixels, training=training)["logits"]

    def compute_output_shape(self, input_shape):
        """`(B, H, W, 3)` -> `(B, num_classes)`."""
        return (input_shape[0], self.config.num_classes)

    def compile(self, optimizer=None, loss=None, metrics=None, jit_compile="auto", **kwargs):
        """Configure training; every argument of `keras.Model.compile` works.

        Args:
            optimizer: `None`: AdamW with the paper's learning rate 1e-3 and weight decay 1e-6.
            loss: `None`: cross-entropy of integer labels with the logits.
            metrics: `None`: accuracy.
            jit_compile: `"auto"` compiles with XLA where that is faster: not on a CPU with
                TensorFlow.
            **kwargs: Passed on.
        """
        if optimizer is None:
            optimizer = keras.optimizers.AdamW(1e-3, weight_decay=1e-6)
        if loss is None:
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        if metrics is None:
            metrics = [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]
        if jit_compile == "auto" and keras.backend.backend() == "tensorflow" and not _has_gpu():
            jit_compile = False
        super().compile(
            optimizer=optimizer, loss=loss, metrics=metrics, jit_compile=jit_compile, **kwargs
        )

    def compile_from_config(self, config):
        """Compile as the saved model was; Keras leaves that to models with their own `compile`."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def fit(
        self, x=None, y=None, batch_size=None, epochs=1, verbose="auto", callbacks=None, **kwargs
    ):
        """Train as `keras.Model.fit` does; after each epoch alpha of the centres decays.

        Raises:
            ValueError: If labels given as an array lie outside `0..num_classes - 1`.
        """
        self._check_labels(y)
        if self.region_independence is not None:
            decay = CentreStepDecay(self.region_independence)
            if isinstance(callbacks, keras.callbacks.CallbackList):
                callbacks.append(decay)
            else:
                # First in line: a checkpoint written at the end of an epoch has the new alpha.
                callbacks = [decay, *_as_list(callbacks)]
        return super().fit(x, y, batch_size, epochs, verbose, callbacks, **kwargs)

    def evaluate(self, x=None, y=None, *args, **kwargs):
        """Evaluate as `keras.Model.evaluate` does; nothing of the training state moves."""
        self._check_labels(y)
        return super().evaluate(x, y, *args, **kwargs)

    def fake_probability(self, x, batch_size: int = 32) -> np.ndarray:
        """Return `1 - P(class 0)` of face crops `(N, H, W, 3)` or a dataset, float64 `(N,)`."""
        return fake_probability_of_logits(self.predict(x, batch_size=batch_size, verbose=0))

    def attention_maps(self, x, batch_size: int = 32) -> np.ndarray:
        """Return A of face crops `(N, H, W, 3)` or a dataset, `(N, h, w, M)`.

        Raises:
            ValueError: If the model has no attention maps.
        """
        if self.prefix is None:
            raise ValueError("The model has no attention maps. Received: num_attentions=0")
        return self.prefix.predict(x, batch_size=batch_size, verbose=0)

    def embed(self, x, batch_size: int = 32) -> np.ndarray:
        """Return what the classifier sees: P, flattened, beside G; `(N, M * C_F + C_L)`."""
        outputs = self.network.predict(x, batch_size=batch_size, verbose=0)
        features = [outputs["global_features"]]
        if self.config.uses_regions:
            local = outputs["local_features"]
            features.insert(0, local.reshape(len(local), -1))
        return np.concatenate(features, axis=1)

    @classmethod
    def from_preset(cls, preset: str | os.PathLike, **kwargs) -> "MADD":
        """Build a model from a preset's name, or load one from a folder.

        Args:
            preset: A name in `keras_madd.model.presets.PRESETS`, whose weights are random but for
                `backbone_weights`; or a folder that `save_to_preset` wrote.
            **kwargs: Arguments of the constructor, such as `backbone_weights` or `num_classes`.

        Raises:
            ValueError: If there is no such preset or folder, or the folder is not a preset.
        """
        folder = pathlib.Path(preset)
        if not folder.is_dir():
            return cls(MADDConfig.from_dict(preset_config(str(preset))), **kwargs)
        if not (folder / CONFIG_FILE).is_file() or not (folder / WEIGHTS_FILE).is_file():
            raise ValueError(
                f"A preset folder must hold {CONFIG_FILE} and {WEIGHTS_FILE}. "
                f"Received: preset={str(preset)!r}"
            )
        fields = json.loads((folder / CONFIG_FILE).read_text())
        model = cls(MADDConfig.from_dict(fields), **kwargs)
        model.load_weights(folder / WEIGHTS_FILE)
        return model

    def save_to_preset(self, folder: str | os.PathLike) -> None:
        """Write configuration and weights to a new folder that `from_preset` reads.

        Raises:
            FileExistsError: If `folder` exists.
        """
        folder = pathlib.Path(folder)
        if folder.exists():
            raise FileExistsError(f"`folder` must not exist. Received: folder={str(folder)!r}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as work:
            written = pathlib.Path(work) / "preset"
            written.mkdir()
            (written / CONFIG_FILE).write_text(json.dumps(self.config.to_dict(), indent=2) + "\n")
            self.save_weights(written / WEIGHTS_FILE)
            written.rename(folder)

    def save_own_variables(self, store):
        """Save the states of all random generators, which Keras leaves out."""
        super().save_own_variables(store)
        for index, state in enumerate(self._seed_states()):
            store[f"seed_state_{index}"] = state

    def load_own_variables(self, store):
        """Load what `save_own_variables` saved.

        A file without any generator's state leaves the generators as they are.

        Raises:
            ValueError: If the file is of a model with another number of generators.
        """
        states = self._seed_states()
        saved = [key for key in store.keys() if key.startswith("seed_state_")]  # noqa: SIM118
        if saved and len(saved) != len(states):
            raise ValueError(
                "The file must hold the state of each random generator of the model, "
                f"{len(states)} in all. Received: {len(saved)}"
            )
        for index in range(len(saved)):
            states[index].assign(np.asarray(store[f"seed_state_{index}"]))

    def get_config(self):
        """Return the constructor's arguments; `backbone_weights` are in the saved weights."""
        return {
            "config": self.config.to_dict(),
            "name": self.name,
            "dtype": keras.dtype_policies.serialize(self.dtype_policy),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Build a model from what `get_config` returned; its weights are random."""
        return cls(**{**config, "config": MADDConfig.from_dict(config["config"])})

    def _seed_states(self):
        saved = {id(weight) for weight in self.weights}
        return [state for state in self.non_trainable_variables if id(state) not in saved]

    def _check_pixels(self, pixels):
        shape = tuple(pixels.shape)
        if len(shape) != 4 or shape[1:] != (*self.config.input_size, 3):
            height, width = self.config.input_size
            raise ValueError(
                f"`pixels` must have shape (B, {height}, {width}, 3), RGB, 0..255. "
                f"Received: shape={shape}"
            )

    def _check_labels(self, y):
        if not isinstance(y, np.ndarray | list | tuple) or len(y) == 0:
            return
        labels = np.asarray(y)
        if labels.ndim == 2 and labels.shape[1] == self.config.num_classes:
            return
        last = self.config.num_classes - 1
        if not (labels.min() >= 0 and labels.max() <= last):
            raise ValueError(
                f"`y` must hold classes from 0 (real) to {last}. "
                f"Received: values from {labels.min()} to {labels.max()}"
            )


def fake_probability_of_logits(logits) -> np.ndarray:
    """Return `1 - P(class 0)`, float64 `(N,)`, of logits `(N, num_classes)`."""
    logits = np.asarray(logits, "float64")
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return 1.0 - exponentials[:, 0] / exponentials.sum(axis=1)


@contextlib.contextmanager
def _dtype_policy(policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _has_gpu() -> bool:
    return bool(keras.distribution.list_devices("gpu"))


def _as_list(callbacks) -> list:
    if callbacks is None:
        return []
    return list(callbacks) if isinstance(callbacks, list | tuple) else [callbacks]
