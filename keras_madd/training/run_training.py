"""train: a whole training run, from its settings to its best checkpoint."""

import contextlib
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras

from keras_madd.data.damaged_shards import damage_is_named
from keras_madd.model.callbacks import BatchProgress, StopOnNonFinite
from keras_madd.model.face_classifier import FaceClassifier
from keras_madd.model.loading import load_face_classifier
from keras_madd.support.errors import UserError
from keras_madd.support.held_folder import held_folder
from keras_madd.training.attendance import Attend
from keras_madd.training.checkpoints import BEST, STAGE1, load_checkpoint, new_state, read_state
from keras_madd.training.compiled import keep_compiled
from keras_madd.training.devices import Devices
from keras_madd.training.finish_epoch import FinishEpoch
from keras_madd.training.log import loss_note
from keras_madd.training.run_record import (
    check_same_run,
    comparable,
    make_record,
    record_before,
    save_record,
)
from keras_madd.training.schedule import make_optimizer
from keras_madd.training.settings import TrainSettings
from keras_madd.training.shards_data import ShardsData
from keras_madd.training.shards_of_faces import settings_with_shards
from keras_madd.training.starting_model import open_source, starting_config, starting_model
from keras_madd.training.tensorboard import EventWriter
from keras_madd.training.validation import example_faces

Advance = Callable[[int, int, str], None]
Echo = Callable[[str], None]


@dataclass(frozen=True)
class _Listener:
    """Who is told of a run; see `train`."""

    advance: Advance
    say: Echo
    echo: Echo


@dataclass(frozen=True)
class TrainResult:
    """What a run ended with.

    Attributes:
        folder: Folder of the run.
        best_model: The best epoch's model, `best.keras`.
        best: Figures of the best epoch; `epoch` counts from 1.
        history: Figures of every epoch, as in log.csv.
        stopped: Why training ended before the last epoch, or "".
    """

    folder: Path
    best_model: Path
    best: dict[str, float]
    history: list[dict[str, float]]
    stopped: str


def train(
    settings: TrainSettings,
    resume: bool = False,
    *,
    advance: Advance | None = None,
    say: Echo | None = None,
    echo: Echo = print,
) -> TrainResult:
    """Train a detector, and leave everything about it in a folder.

    The folder gets `last.keras` (with the optimizer, to go on from), `best.keras` (by the AUC of
    the validation split's videos, to use), `log.csv`, `run.json` and `tensorboard/`.

    After `join_workers` (of `keras_madd.training.workers`) the processes train together: each calls
    this with the same settings and a folder that all see, and worker 0 writes.

    Args:
        settings: Everything the result follows from.
        resume: Whether to go on with the run in `settings.output`, if one has begun there. On a
            CPU the weights are then, bit for bit, those of a run that was never stopped.
        advance: Called as `advance(batches done, batches in all, note)`; before, where faces are
            cut out, with the number of files.
        say: Called with what is being done before anything is counted.
        echo: Called with one line of text after each epoch.

    Raises:
        UserError: If something about settings or data cannot work, the folder holds a run and
            `resume` is false, the run in it had other settings, another process is at work in it,
            a loss is not finite, the disk is full, the workers do not begin alike, or one of them
            is lost.
    """
    _leave_accelerators_to_keras()
    devices = Devices.of(settings)
    listener = _Listener(
        advance or (lambda done, total, note: None), say or (lambda doing: None), echo
    )
    if not devices.is_writer:
        listener = _Listener(lambda done, total, note: None, lambda doing: None, lambda line: None)
    with (
        contextlib.ExitStack() as held,
        devices.loss_is_named(),
        devices.slow_workers_named(listener.say) as devices,
    ):
        return _train(settings, resume, listener, devices, held)


def _train(
    settings: TrainSettings,
    resume: bool,
    listener: _Listener,
    devices: Devices,
    held: contextlib.ExitStack,
) -> TrainResult:
    folder = Path(settings.output)
    before = record_before(folder, resume)
    if before is not None and devices.is_writer:
        held.enter_context(held_folder(folder))
    keep_compiled()
    state = read_state(folder) or new_state()
    model = source = None
    if state["epoch"]:
        # All is in last.keras; what the run began from may be gone.
        with devices.building():
            model = load_checkpoint(folder)
        begun = model.config
    else:
        source = open_source(settings)
        begun = starting_config(settings, source)
    size = begun.input_size[0]
    if settings.faces and begun.clip_frames is not None:
        raise UserError(
            "A detector of clips needs videos: photographs have one frame. Prepare videos and give "
            f"--data. Received: clip_frames={begun.clip_frames}"
        )
    if settings.faces:
        listener.say(f"cutting the faces out of {settings.faces}")
    shards = settings_with_shards(settings, size, listener.advance)
    data = ShardsData.open(shards, begun.clip_frames)
    listener.say("reading the shards")
    config = begun if model is not None else starting_config(settings, source, data.face_fields)
    data.check_size(config.input_size)
    steps = settings.steps_per_epoch or data.batches_per_epoch()
    _check_updates(settings, steps)
    record = make_record(settings, config.to_dict(), data.fingerprints, steps)
    devices.agree(_facts(record, before, state))
    if before is not None:
        check_same_run(before, record)

    @functools.cache  # Stage 1 begins the run, too.
    def begin():
        if before is None and devices.is_writer:
            folder.mkdir(parents=True, exist_ok=True)
            held.enter_context(held_folder(folder))
            save_record(folder, record)

    if model is None:
        if settings.stage1_epochs:
            begin()
            source = load_face_classifier(_train_backbone(data.settings, listener))
        listener.say("building the network")
        keras.utils.set_random_seed(settings.seed)
        with devices.building():
            model = starting_model(settings, config, source, listener.echo)
            model.compile(make_optimizer(settings, steps))
        # Not before: weights that are not there must not leave a run that nobody can go on with.
        begin()
    model.rematerialize = settings.rematerialize
    if words := devices.words(settings, getattr(model.config, "synchronized_batch_norm", False)):
        listener.echo(words)
    _train_epochs(model, data, settings, steps, state, listener, devices)
    # Whoever goes on with the files, such as stage 2, finds them written.
    devices.wait()
    return TrainResult(folder, folder / BEST, state["best"], state["history"], state["stopped"])


def _facts(record: dict, before: dict | None, state: dict) -> dict:
    """What workers must have in common, as plain data."""
    return {
        **comparable(record["settings"]),
        **{f"version of {name}": number for name, number in record["versions"].items()},
        "dataset.json": [each["sha256"] for each in record["data"]],
        "batches per epoch": record["batches_per_epoch"],
        "a run has begun": before is not None,
        "epochs finished": state["epoch"],
        "figures of epochs": state["history"],
    }


def _learns_masks(model: FaceClassifier, settings: TrainSettings) -> bool:
    """Whether the model learns where fakes were blended, and some are blended here."""
    return getattr(model.config, "blend_mask_weight", 0) > 0 and settings.self_blend > 0


def _leave_accelerators_to_keras() -> None:
    """Keep TensorFlow, which feeds every backend, from taking another backend's memory."""
    if keras.backend.backend() == "tensorflow":
        return
    import tensorflow as tf

    with contextlib.suppress(RuntimeError):  # Too late: TensorFlow has run already.
        tf.config.set_visible_devices([], "GPU")


def _train_backbone(settings: TrainSettings, listener: _Listener) -> Path:
    """Stage 1: the backbone alone, as a run of its own inside the folder."""
    listener.echo(f"stage 1: the backbone alone, {settings.stage1_epochs} epochs")
    alone = settings.replace(
        output=Path(settings.output) / STAGE1,
        fields={**settings.fields, "num_attentions": 0},
        epochs=settings.stage1_epochs,
        stage1_epochs=0,
        freeze_early=False,
        warmup_epochs=min(settings.warmup_epochs, settings.stage1_epochs / 2),
    )
    result = train(alone, resume=True, **vars(listener))
    listener.echo("stage 2: the whole network")
    return result.best_model


def _train_epochs(
    model: FaceClassifier,
    data: ShardsData,
    settings: TrainSettings,
    steps: int,
    state: dict,
    listener: _Listener,
    devices: Devices,
) -> None:
    """Train until the last epoch, patience's end or a loss that is not finite."""
    side = model.config.input_size[0]
    batches = data.validation_batches(side, devices.shard)
    finite = StopOnNonFinite()
    folder = Path(settings.output)
    finish = FinishEpoch(folder, settings, state, batches, finite, listener.echo, devices)
    done = state["epoch"]
    if done:
        finish.set_model(model)
        finish.make_good()
    if done == settings.epochs or state["stopped"]:
        return
    if settings.tensorboard and devices.is_writer:
        finish.events = EventWriter(folder, *example_faces(data.validation_batches(side)))
    total = settings.epochs * steps

    def show(batch, _, logs):
        epoch = done + (batch - 1) // steps + 1
        listener.advance(done * steps + batch, total, f"epoch {epoch} {loss_note(logs)}")

    listener.say(
        f"epoch {done + 1} of {settings.epochs}: tracing and compiling the step of the first of "
        f"{steps} batches"
    )
    with damage_is_named(data.folders), devices.training():
        model.fit(
            data.training_batches(side, done, devices.shard, _learns_masks(model, settings)),
            epochs=settings.epochs,
            initial_epoch=done,
            steps_per_epoch=steps,
            shuffle=False,  # The batches come shuffled.
            verbose=0,
            callbacks=[
                finite,
                finish,
                BatchProgress(show, settings.epochs),
                Attend(devices.arrive),
            ],
        )
    if finite.message:
        raise UserError(
            f"{finite.message} {state['epoch']} epochs were finished before and are safe."
        )


def _check_updates(settings: TrainSettings, steps: int) -> None:
    """Raise where a whole stage ends before its first update."""
    batches = steps * min(settings.epochs, settings.stage1_epochs or settings.epochs)
    if batches < settings.gradient_accumulation:
        raise UserError(
            f"{batches} batches make no update: train longer, or accumulate fewer. "
            f"Received: gradient_accumulation={settings.gradient_accumulation}"
        )
