"""The model that a run starts from: its configuration, and whose weights it takes."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_madd.model.architectures import class_of, preset_configuration
from keras_madd.model.face_classifier import FaceClassifier
from keras_madd.model.face_classifier_config import FaceClassifierConfig
from keras_madd.model.frozen import freeze, layers_before
from keras_madd.model.loading import load_face_classifier
from keras_madd.model.rivals.own_network import OwnNetwork
from keras_madd.model.transfer import sizes_apart, take_weights
from keras_madd.support.errors import UserError
from keras_madd.training.settings import DEFAULT_PRESET, TrainSettings

_CHECKPOINTS = (".pth", ".pt")
# Nobody knows the mask of an image that AGDA made.
_NO_MASKS = ("augmented_classification_weight", "match_weight")


def starting_config(
    settings: TrainSettings,
    source: FaceClassifier | None,
    faces: Mapping[str, object] | None = None,
) -> FaceClassifierConfig:
    """The configuration of a run's model.

    Args:
        settings: Preset, changed fields and seed.
        source: The model of `settings.init`, or `None`.
        faces: `crop_margin`, `detector` and `training_data` of the data, where it is known.

    Raises:
        UserError: If a field is unknown, or a value cannot work.
    """
    if settings.preset or source is None:
        config = preset_configuration(settings.preset or DEFAULT_PRESET)
    else:
        config = _without_stale_maps(source.config, settings)
    try:
        config = config.replace(**{"seed": settings.seed, **(faces or {}), **settings.fields})
    except (ValueError, TypeError) as error:
        raise UserError(str(error)) from error
    if settings.stage1_epochs and not config.uses_regions:
        raise UserError(
            "Stage 1 trains the backbone of a detector with attention maps alone; this one has "
            f"none. Received: stage1_epochs={settings.stage1_epochs}"
        )
    if config.num_classes != 2:
        raise UserError(
            "Training is on two classes, real and fake; --set num_classes=2 gives a model of more "
            f"classes a new head. Received: num_classes={config.num_classes}"
        )
    return config


def _without_stale_maps(
    config: FaceClassifierConfig, settings: TrainSettings
) -> FaceClassifierConfig:
    """Leave out maps of blending that the run does not teach while it moves what they read."""
    if not getattr(config, "blend_mask_weight", 0) or "blend_mask_weight" in settings.fields:
        return config
    augmented = any(settings.fields.get(each) for each in _NO_MASKS)
    return config if settings.self_blend and not augmented else config.replace(blend_mask_weight=0)


def open_source(settings: TrainSettings) -> FaceClassifier | None:
    """Open the model that `settings.init` names; `None` where it names none.

    Raises:
        UserError: If it is missing, damaged or of no known kind.
    """
    if not settings.init:
        return None
    path = Path(settings.init)
    if path.suffix not in _CHECKPOINTS:
        return load_face_classifier(path)
    from keras_madd.published_weights.layouts import layout_of
    from keras_madd.torch_weights.checkpoint import read_checkpoint

    tensors = read_checkpoint(path)
    layout = layout_of(tensors)
    # What the run changes of them is dealt with where the weights are taken.
    _, fields = sizes_apart(settings.fields)
    try:
        return layout.build(tensors, layout.recognise(tensors, fields))
    except (ValueError, TypeError) as error:
        raise UserError(f"{path}: {error}") from error


def starting_model(
    settings: TrainSettings,
    config: FaceClassifierConfig,
    source: FaceClassifier | None,
    echo: Callable[[str], None] = lambda line: None,
) -> FaceClassifier:
    """Build a run's model with the weights that it starts from.

    Args:
        settings: Precision, and where weights come from.
        config: Configuration of the model.
        source: The model of `settings.init`, or `None`.
        echo: Called with one line where some layers do not take the source's weights.

    Raises:
        UserError: If weights do not fit or cannot be had.
    """
    policy: Any = f"mixed_{settings.mixed_precision}" if settings.mixed_precision else "float32"
    weights = settings.backbone_weights or None
    if weights and weights != "imagenet" and not os.path.isfile(weights):
        raise UserError(f"--backbone-weights must be imagenet or a file. There is no {weights}.")
    try:
        if source is not None and type(source.config) is type(config):
            if isinstance(source, OwnNetwork) and not settings.mixed_precision:
                policy = source.dtype_policy  # Its layers keep their precision.
            # A subclass may have a loss of its own.
            model = source.built_anew(config, name=None, dtype=policy)
        else:
            model = class_of(config.architecture)(config, backbone_weights=weights, dtype=policy)
    except Exception as error:  # A download that fails raises a plain Exception.
        if weights is None and not isinstance(error, ValueError):
            raise
        hint = ""
        if weights == "imagenet" and not isinstance(error, ValueError):
            hint = " Where there is no network, give the path of a weights file."
        raise UserError(f"{error}{hint}") from error
    if source is not None:
        try:
            words = take_weights(model, source, settings.init or "the backbone of stage 1")
        except ValueError as error:
            raise UserError(
                f"{error} Leave --preset out to train on what it is, or choose its preset."
            ) from error
        if words:
            echo(words)
        if source.heat_map_output == "blend_maps" != model.heat_map_output:
            echo("The maps of what looks blended are left out: nothing teaches them in this run.")
    if settings.freeze_early:
        _freeze_early(model)
    return model


def _freeze_early(model):
    backbone = next((each for each in model.network.layers if each.name == "backbone"), None)
    if backbone is None or "texture" not in backbone.output:
        raise UserError(
            "--freeze-early keeps the layers up to the texture tap, and this detector has none; "
            "set `trainable` of its layers in a script of your own."
        )
    freeze(model.network, layers_before(backbone, "texture"))


def copy_averaged_weights(model: FaceClassifier, twin: FaceClassifier) -> None:
    """Copy a model's weights into its twin; their averages where its optimizer keeps some."""
    for weight, value in zip(twin.weights, model.weights, strict=True):
        weight.assign(value)
    # Loss scaling wraps the optimizer that has the averages.
    optimizer: Any = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    if optimizer.use_ema:
        # Keras's own copying wants both models under one strategy; it names averages so.
        averages = [each for each in optimizer.variables if each.name.endswith("_average")]
        for weight, value in zip(twin.trainable_variables, averages, strict=True):
            weight.assign(value)
    if keras.backend.backend() == "jax":
        # There an assigned array is shared, on all its devices, and a step takes the arrays that it
        # is given. The twin's are its own, on one device.
        for weight in twin.weights:
            weight.assign(np.array(weight.value))
