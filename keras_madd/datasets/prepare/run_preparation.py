"""A whole run: from a data set as downloaded to a finished folder of shards."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from keras_madd import __version__
from keras_madd.data.shards import ShardInfo, ShardsDescription, save_dataset_json
from keras_madd.datasets.prepare.bucket_mirror import BucketMirror
from keras_madd.datasets.prepare.folder import PrepareFolder
from keras_madd.datasets.prepare.local import run_local
from keras_madd.datasets.prepare.origin import Origin, tree_of
from keras_madd.datasets.prepare.plan import Plan, Shard, make_plan
from keras_madd.datasets.prepare.settings import PrepareSettings
from keras_madd.datasets.prepare.tally import FailureLimit, Progress, Tally
from keras_madd.datasets.prepare.upload import check_bucket, upload
from keras_madd.datasets.sources import DatasetSource, open_source
from keras_madd.datasets.sources.faces import Faces
from keras_madd.support.errors import UserError
from keras_madd.support.remote import cache_folder, is_remote, named_by_url
from keras_madd.support.standard_streams import printable

LOCAL = "local"
_PACKAGES = ("av", "mediapipe", "opencv-contrib-python", "numpy")
_COMPRESSED = ("faceforensics", "dfd", "deeperforensics", "deepfakebench")
_KIND = ("real", "fake")


@dataclass(frozen=True)
class PrepareResult:
    """What a run did.

    Attributes:
        description: Of the finished folder.
        plan: What was to be done.
        complete_before: Whether there was nothing left to do.
        videos: Videos done in this run by local workers; fewer than planned where it went on
            with another one.
        crops: Crops made in this run.
        elapsed: Seconds that the work took.
        seconds: Step -> processor seconds, all workers together; 0 with Beam.
        peak_bytes: The most memory that a worker had; 0 with Beam.
    """

    description: ShardsDescription
    plan: Plan
    complete_before: bool
    videos: int
    crops: int
    elapsed: float
    seconds: dict[str, float]
    peak_bytes: int


def prepare(
    root: str | os.PathLike,
    output: str | os.PathLike,
    settings: PrepareSettings,
    *,
    split_files: str | os.PathLike | None = None,
    people: str | os.PathLike | None = None,
    workers: int = 1,
    runner: str = LOCAL,
    beam_arguments: Sequence[str] = (),
    max_failures: str | None = None,
    retry_failed: bool = False,
    source: DatasetSource | None = None,
    progress: Progress = lambda done, total, note: None,
) -> PrepareResult:
    """Cuts the faces out of a data set's videos and writes them as shards.

    Run it again with the same arguments after it was stopped or killed: it goes on, and ends with
    the same bytes as a run that was left alone.

    Args:
        root: The data set as downloaded: a folder, `s3://BUCKET/FOLDER` or `gs://BUCKET/FOLDER`.
        output: The folder of shards; new, empty, or of a run with the same settings. In a bucket,
            it appears there when the run is finished; until then it is in this user's cache. The
            workers of a Beam runner put each shard there as soon as it is whole.
        settings: What to do.
        split_files: The data set's official lists, where they are not in `root`.
        people: Of "faces": who is shown in which file, a CSV file; see `sources.faces.Faces`.
        workers: Processes on this machine.
        runner: "local", or the name of an Apache Beam runner.
        beam_arguments: Further options of the Beam pipeline.
        max_failures: Stop when more videos than this give no crop: "12", or "5%" of all. By
            default 10 %, but 10 videos at least.
        retry_failed: Try again the videos that failed in an earlier run.
        source: The data set, opened already; by default that which the settings name.
        progress: Called as `progress(done, total, note)` after each video.

    Raises:
        UserError: Nothing to do, another plan in `output`, too many failures, no space left.
        ValueError: An argument is malformed.
    """
    if workers < 1:
        raise ValueError(f"`workers` must be at least 1. Received: workers={workers!r}")
    limit = None if max_failures is None else FailureLimit.parse(max_failures)
    remote, here, mirror = is_remote(output), Path(output), None
    if remote and runner == LOCAL:
        here = cache_folder(os.fspath(output), "prepare")
        check_bucket(here, os.fspath(output))
    elif remote:
        here = cache_folder(os.fspath(output), "prepare-beam")
        mirror = BucketMirror(os.fspath(output), here)
    if not is_remote(root) and runner != LOCAL:
        # Its workers have working folders of their own.
        root = Path(root).absolute()
    with tree_of(root) as (tree, origin):
        if source is None and settings.dataset == Faces.name:
            source = Faces(
                tree,
                people=people,
                seed=settings.seed,
                methods=list(settings.methods) or None,
                split_files=split_files,
            )
        source = source or open_source(
            settings.dataset,
            tree,
            compression=settings.compression,
            methods=list(settings.methods) or None,
            split=None,
            split_files=split_files,
        )
        plan = make_plan(source.videos(), settings, tree, source.missing, source.notes)
        work = _Work(workers, runner, beam_arguments, limit, retry_failed, origin, progress)
        if not remote:
            return _carry_out(plan, here, work)
        with named_by_url(here, os.fspath(output)):
            result = _carry_out(plan, here, work, mirror)
        if mirror is None:
            upload(here, os.fspath(output), result.description)
        return result


@dataclass(frozen=True)
class _Work:
    """How a plan is carried out."""

    workers: int
    runner: str
    beam_arguments: Sequence[str]
    limit: FailureLimit | None
    retry_failed: bool
    origin: Origin | None
    progress: Progress


def _carry_out(
    plan: Plan, output: Path, work: _Work, mirror: BucketMirror | None = None
) -> PrepareResult:
    settings = plan.settings
    total = len(plan.videos)
    allowed = work.limit.of(total) if work.limit else max(10, total // 10)
    with PrepareFolder(output) as folder:
        if mirror is not None:
            mirror.begin()
        folder.begin(plan)
        if work.retry_failed and folder.forget_failures(plan):
            folder.begin(plan)
        if mirror is not None:
            mirror.push()
        tally = Tally(total, allowed, work.progress)
        unfinished = folder.unfinished(plan)
        todo = {shard.name for shard in unfinished}
        for shard in plan.shards:
            if shard.name not in todo:
                tally.add_finished(folder.finished_shard(shard.name)[1])
        if unfinished and work.runner == LOCAL:
            run_local(unfinished, settings, folder, work.workers, tally, work.origin)
        elif unfinished:
            _run_beam(unfinished, settings, folder, work, tally, mirror)
            for shard in unfinished:
                tally.add_finished(folder.finished_shard(shard.name)[1])
        infos, lines = folder.write_manifest(plan)
        description = _describe(plan, infos, lines)
        save_dataset_json(folder.path, description)
        if mirror is not None:
            mirror.finish()
    return PrepareResult(
        description=description,
        plan=plan,
        complete_before=not unfinished,
        videos=tally.videos,
        crops=tally.crops,
        elapsed=tally.elapsed,
        seconds=tally.seconds,
        peak_bytes=tally.peak_bytes,
    )


def _run_beam(
    shards: Sequence[Shard],
    settings: PrepareSettings,
    folder: PrepareFolder,
    work: _Work,
    tally: Tally,
    mirror: BucketMirror | None,
) -> None:
    from keras_madd.datasets.prepare.beam import run_beam

    def finished_lines() -> list:
        if mirror is not None:
            mirror.pull()
        return folder.finished_lines(shards)

    run_beam(
        shards,
        settings,
        mirror.url if mirror is not None else str(folder.path.absolute()),
        finished_lines,
        work.runner,
        work.workers,
        tally,
        work.beam_arguments,
        work.origin,
    )
    if mirror is not None:
        mirror.pull()


def _describe(plan: Plan, infos: list[ShardInfo], lines: list[dict]) -> ShardsDescription:
    settings = plan.settings
    if not infos:
        raise UserError("Not one face was found in any video; manifest.jsonl says why.")
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for line in lines:
        if line["crops"]:
            kinds = counts.setdefault(line["split"], {k: {"videos": 0, "crops": 0} for k in _KIND})
            kinds[_KIND[line["label"]]]["videos"] += 1
            kinds[_KIND[line["label"]]]["crops"] += line["crops"]
    pre_cropped = any(video.pre_cropped for video in plan.videos)
    parameters = settings.to_json()
    for name in ShardsDescription.__dataclass_fields__:
        parameters.pop(name, None)
    return ShardsDescription(
        dataset=settings.dataset,
        size=settings.size,
        margin=settings.margin,
        context=1.0 if pre_cropped else settings.context,
        detector="none" if pre_cropped else settings.detector,
        frames_per_video=settings.frames_per_video,
        image_format=settings.image_format,
        compression=settings.compression if settings.dataset in _COMPRESSED else "",
        methods=_storable(sorted({video.method for video in plan.videos if video.label})),
        counts=counts,
        failures=dict(Counter(line["reason"] for line in lines if line["status"] == "failed")),
        seed=settings.seed,
        versions={"keras_madd": __version__} | {name: version(name) for name in _PACKAGES},
        shards=tuple(infos),
        parameters=parameters
        | {"pre_cropped": pre_cropped, "chosen_methods": list(settings.methods)},
        missing=_storable(plan.missing),
        notes=_storable(plan.notes),
    )


def _storable(texts: Iterable[str]) -> tuple[str, ...]:
    """Texts with names of files in them, as records and dataset.json take them."""
    return tuple(printable(text.encode(errors="backslashreplace").decode()) for text in texts)
