"""What each detector of a comparison is trained with: what all share, and what is its own."""

from collections.abc import Mapping, Sequence
from typing import Any

from keras_madd.model.presets import PRESETS
from keras_madd.support.errors import UserError
from keras_madd.training.settings import TrainSettings

# Training settings that one model may have for itself. Not the batch or the number of steps: the
# faces and the cost are to be the same.
OWN_SETTINGS = (
    *("init", "backbone_weights", "optimizer", "learning_rate", "weight_decay", "schedule"),
    *("warmup_epochs", "ema"),
)


def models_of(text: str) -> list[str]:
    """Read names of presets, separated by commas.

    Raises:
        UserError: If one is unknown or given twice.
    """
    models = [name.strip() for name in text.split(",")]
    unknown = [name for name in models if name not in PRESETS]
    if unknown:
        raise UserError(f"There is no preset {unknown[0]!r}. There are: {', '.join(PRESETS)}.")
    if len(set(models)) < len(models):
        raise UserError(f"Each model may be named once. Received: {text}")
    return models


def changes_of(
    given: Mapping[str, Any], models: Sequence[str]
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Part fields for all models from `MODEL.KEY`, those for one.

    Args:
        given: KEY or MODEL.KEY to value.
        models: Names of presets.

    Returns:
        Fields for all, and model to its own.

    Raises:
        UserError: If a model is not among them.
    """
    shared: dict[str, Any] = {}
    own: dict[str, dict[str, Any]] = {}
    for name, value in given.items():
        model, dot, key = name.partition(".")
        if not dot:
            shared[name] = value
        elif model in models:
            own.setdefault(model, {})[key] = value
        else:
            raise UserError(
                f"MODEL in --set MODEL.KEY=VALUE must be one of {', '.join(models)}. "
                f"Received: {name}"
            )
    return shared, own


def settings_of_models(
    settings: TrainSettings, models: Sequence[str], changes: Mapping[str, Mapping[str, Any]]
) -> dict[str, TrainSettings]:
    """Return model to the settings that it is trained with.

    Args:
        settings: Of all.
        models: Names of presets.
        changes: Model to what is its own: some of `OWN_SETTINGS`, and fields of its configuration.

    Raises:
        UserError: If a value cannot work.
    """
    found = {}
    for model in models:
        own = dict(changes.get(model, {}))
        trained = {name: own.pop(name) for name in OWN_SETTINGS if name in own}
        try:
            found[model] = settings.replace(
                preset=model, fields={**settings.fields, **own}, **trained
            )
        except (UserError, TypeError) as error:
            raise UserError(f"{model}: {error}") from error
    return found
