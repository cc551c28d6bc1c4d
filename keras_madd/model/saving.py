"""Presets, saved models, and new heads on trained weights."""

import json
import os
import pathlib
import tempfile
from typing import TYPE_CHECKING, Any, ClassVar, Self

import keras
import numpy as np
from keras import ops

from keras_madd.model.face_classifier_config import FaceClassifierConfig
from keras_madd.model.half_precision import store_in_half_precision
from keras_madd.model.hub import MOST_CONFIG_BYTES, fetch_preset, is_hub_uri
from keras_madd.model.precision import twin_of
from keras_madd.model.presets import PRESETS, preset_architecture, preset_config
from keras_madd.model.transfer import resized
from keras_madd.support.schema import read_json
from keras_madd.support.shipped import CONFIG, KERAS_WEIGHTS, shipped_folder

if TYPE_CHECKING:
    from keras import Model as Base
else:
    Base = object


class Saving(Base):
    """Mixin of `FaceClassifier`: where models come from and go to."""

    config_class: ClassVar[type[FaceClassifierConfig]]
    config: FaceClassifierConfig

    @classmethod
    def from_preset(
        cls,
        preset: str | os.PathLike,
        *,
        backbone_weights: str | None = None,
        name: str | None = None,
        dtype: Any = None,
        **fields: Any,
    ) -> Self:
        """Build a model from a preset's name, or load one from a folder or a file.

        Called on `FaceClassifier`, it gives a model of the preset's architecture. With another
        `num_classes`, `num_attentions` or `head_width` than the saved model has, the layers that
        these resize begin anew and all others keep their trained weights; a warning names them.

        Args:
            preset: A name in `keras_madd.model.presets.PRESETS`, whose weights are random but for
                `backbone_weights`; the name of a trained detector that comes with the package; a
                folder that `save_to_preset` wrote; `hf://user/name[@revision]`, such a folder on
                the Hugging Face hub; or a `.keras` file.
            backbone_weights: As in the constructor, with a preset's name only.
            name: Name of the model; `None`: the saved one's, or that of the architecture.
            dtype: As in the constructor.
            **fields: Fields of the configuration to change.

        Raises:
            ValueError: If there is no such preset, folder or file, it does not hold a model of this
                class, or the trained weights do not fit what was changed.

        Example:
            >>> model = MADD.from_preset("trained", num_classes=5)
        """
        if is_hub_uri(preset):
            preset = fetch_preset(str(preset))
        folder = shipped_folder(preset) or pathlib.Path(preset)
        # A folder of results may happen to be called as a preset is.
        is_named = str(preset) in PRESETS and not (folder / "config.json").is_file()
        if is_named or not (folder.is_dir() or folder.suffix == ".keras"):
            values = preset_config(str(preset))
            kind = cls._kind_of(preset_architecture(str(preset)))
            return kind(
                kind.config_class.from_dict(values),
                backbone_weights=backbone_weights,
                name=name,
                dtype=dtype,
                **fields,
            )
        if backbone_weights is not None:
            raise ValueError(
                "`backbone_weights` must be None for a saved model, which has its own. "
                f"Received: backbone_weights={backbone_weights!r}"
            )
        if folder.is_dir():
            architecture, values, weights = _read_folder(folder)
            kind = cls._kind_of(architecture)
            model = kind(kind.config_class.from_dict(values), name=name, dtype=dtype)
            model.load_weights(weights)
        else:
            import keras_madd.model.architectures  # noqa: F401  (registers the classes)

            model = keras.saving.load_model(folder, compile=False)
            if not isinstance(model, cls):
                raise ValueError(
                    f"`preset` must hold a {cls.__name__} model. Received: a {type(model).__name__}"
                )
            if dtype is not None or name is not None:
                model = _copied(model, name or model.name, dtype or model.dtype_policy)
        config = model.config.replace(**fields)
        return model if config == model.config else resized(model, config, str(preset))

    def reset_classifier(self, num_classes: int, **fields: Any) -> Self:
        """Return a model with a new last layer and all other trained weights: fine-tuning.

        The model itself stays as it is; the new one is not compiled.

        Args:
            num_classes: Number of logits of the new layer; class 0 is real.
            **fields: More fields of the configuration to change. With another `num_attentions` or
                `head_width` the layers that they resize begin anew too, and a warning names them.

        Raises:
            ValueError: If the trained weights do not fit what was changed.

        Example:
            >>> by_method = model.reset_classifier(5)  # real and four manipulations
        """
        config = self.config.replace(num_classes=num_classes, **fields)
        return resized(self, config, self.name, new_classifier=True)

    def save_to_preset(self, folder: str | os.PathLike, *, half_precision: bool = False) -> None:
        """Write configuration and weights to a new folder that `from_preset` reads.

        Which layers are frozen and the optimizer are kept by `save` alone.

        Args:
            folder: The folder to make.
            half_precision: Whether to store the weights in float16, in half the space; loading
                gives float32 again, with the three digits that float16 keeps.

        Raises:
            FileExistsError: If `folder` exists.
        """
        _write_folder(self, pathlib.Path(folder), half_precision)

    def save_own_variables(self, store: Any) -> None:
        """Save the states of all random generators, which Keras leaves out."""
        super().save_own_variables(store)
        for index, state in enumerate(self._seed_states()):
            store[f"seed_state_{index}"] = state

    def load_own_variables(self, store: Any) -> None:
        """Load what `save_own_variables` saved.

        A file without any generator's state leaves the generators as they are.

        Raises:
            ValueError: If the file is of a model with another number of generators.
        """
        states = self._seed_states()
        keys = list(store.keys())
        saved = [key for key in keys if key.startswith("seed_state_")]
        super().load_own_variables({key: store[key] for key in keys if key not in saved})
        if saved and len(saved) != len(states):
            raise ValueError(
                "The file must hold the state of each random generator of the model, "
                f"{len(states)} in all. Received: {len(saved)}"
            )
        for index in range(len(saved)):
            states[index].assign(np.asarray(store[f"seed_state_{index}"]))

    @classmethod
    def _kind_of(cls, architecture: str) -> type[Self]:
        """The class of an architecture, if it is derived from this one; this one, if from that."""
        from keras_madd.model.architectures import class_of

        kind = class_of(architecture)
        if issubclass(cls, kind):
            return cls
        if not issubclass(kind, cls):
            raise ValueError(
                f"`preset` must hold a {cls.__name__} model. Received: a {kind.__name__}"
            )
        return kind

    def _seed_states(self) -> list[keras.Variable]:
        saved = {id(weight) for weight in self.weights}
        return [state for state in self.non_trainable_variables if id(state) not in saved]


def _copied(model, name: str, dtype: Any):
    """Return the same model, its generators too, under another name or in another precision."""
    twin = twin_of(model, name, dtype)
    twin.set_weights(model.get_weights())
    for state, value in zip(twin._seed_states(), model._seed_states(), strict=True):
        state.assign(ops.copy(value))
    return twin


def _read_folder(folder: pathlib.Path) -> tuple[str, dict[str, Any], pathlib.Path]:
    """Return the architecture and its fields in a folder, and the path of its weights.

    Raises:
        ValueError: If the folder is not a preset.
    """
    if not (folder / CONFIG).is_file() or not (folder / KERAS_WEIGHTS).is_file():
        raise ValueError(
            f"A preset folder must hold {CONFIG} and {KERAS_WEIGHTS}. "
            f"Received: preset={str(folder)!r}"
        )
    fields = read_json(folder / CONFIG, MOST_CONFIG_BYTES)
    # Version 0.1 wrote none, as there was MADD alone; its presets are still read by it.
    return fields.pop("architecture", "madd"), fields, folder / KERAS_WEIGHTS


def _write_folder(model, folder: pathlib.Path, half_precision: bool) -> None:
    """Write a model's configuration and weights to a new folder, whole or not at all.

    Raises:
        FileExistsError: If `folder` exists.
    """
    if folder.exists():
        raise FileExistsError(f"`folder` must not exist. Received: folder={str(folder)!r}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        written = pathlib.Path(work) / "preset"
        written.mkdir()
        architecture = model.config.architecture
        named = {} if architecture == "madd" else {"architecture": architecture}
        fields = {**named, **model.config.to_dict()}
        (written / CONFIG).write_text(json.dumps(fields, indent=2) + "\n")
        model.save_weights(written / KERAS_WEIGHTS)
        if half_precision:
            store_in_half_precision(written / KERAS_WEIGHTS)
        written.rename(folder)
