import json
import shutil
import sys
from types import SimpleNamespace

import pytest

from keras_madd.datasets.prepare import folder as folder_module
from keras_madd.datasets.prepare import prepare, run_preparation
from keras_madd.datasets.prepare.folder import assemble_shard
from keras_madd.datasets.prepare.tally import Tally
from keras_madd.support.errors import UserError


@pytest.mark.slow
def test_beam_gives_the_same_as_the_local_mode(plain_tree, tmp_path, small, content):
    pytest.importorskip("apache_beam")
    settings = small(limit=10)
    prepare(plain_tree, tmp_path / "local", settings)
    # What was begun with the one is finished with the other.
    begun = tmp_path / "beam"
    with pytest.raises(UserError, match="videos failed"):
        prepare_with_a_failure(plain_tree, tmp_path / "root", begun, settings)
    result = prepare(
        plain_tree, begun, settings, runner="DirectRunner", workers=2, retry_failed=True
    )
    assert not result.complete_before
    assert content(begun) == content(tmp_path / "local")


def prepare_with_a_failure(tree, root, output, settings):
    shutil.copytree(tree, root)
    for path in root.rglob("*.mp4"):
        path.write_bytes(b"")
    prepare(root, output, settings, max_failures="0")


def test_without_beam(plain_tree, tmp_path, small, monkeypatch):
    monkeypatch.setitem(sys.modules, "apache_beam", None)
    monkeypatch.delitem(sys.modules, "keras_madd.datasets.prepare.beam", raising=False)
    with pytest.raises(UserError, match=r"pip install 'keras-madd\[beam\]'"):
        prepare(plain_tree, tmp_path / "a", small(limit=2), runner="DirectRunner")


def test_workers_elsewhere_find_the_videos_of_a_relative_root(
    plain_tree, tmp_path, small, monkeypatch
):
    given = []

    def run(shards, *others):
        given.extend(video.path for shard in shards for g in shard.groups for _, video in g.videos)
        raise KeyboardInterrupt

    monkeypatch.setattr(run_preparation, "_run_beam", run)
    monkeypatch.chdir(plain_tree.parent)
    with pytest.raises(KeyboardInterrupt):
        prepare(plain_tree.name, tmp_path / "a", small(), runner="DirectRunner")
    assert given
    assert all(path.is_absolute() and path.is_file() for path in given)


@pytest.mark.slow
def test_a_runner_that_is_none(plain_tree, tmp_path, small):
    pytest.importorskip("apache_beam")
    with pytest.raises(UserError, match=r"The Beam pipeline failed: .*[^.]\. What is done is kept"):
        prepare(plain_tree, tmp_path / "a", small(limit=2), runner="TurboRunner")


@pytest.mark.slow
def test_a_job_server_gives_the_same_as_the_local_mode(
    plain_tree, tmp_path, small, content, job_server
):
    settings = small(limit=8)
    prepare(plain_tree, tmp_path / "local", settings)
    shown = []
    prepare(
        plain_tree,
        tmp_path / "served",
        settings,
        runner="PortableRunner",
        beam_arguments=job_server,
        progress=lambda done, total, note: shown.append((done, total)),
    )
    assert content(tmp_path / "served") == content(tmp_path / "local")
    assert shown[-1] == (8, 8)


@pytest.fixture
def job_server():
    """Beam's own job server in this process; gives the options of a pipeline for it."""
    pytest.importorskip("apache_beam")
    from apache_beam.runners.portability.local_job_service import LocalJobServicer

    server = LocalJobServicer()
    port = server.start_grpc_server()
    yield [f"--job_endpoint=localhost:{port}", "--environment_type=LOOPBACK"]
    server.stop()


def test_a_step_that_is_tried_again_makes_nothing_twice(plain_tree, tmp_path, small, content):
    pytest.importorskip("apache_beam")
    from keras_madd.datasets.prepare.beam import AssembleShard, MakePiece

    settings, output = small(limit=4), tmp_path / "shards"
    shard = prepare(plain_tree, output, settings).plan.shards[0]
    before = content(output)
    make = MakePiece(settings.to_json(), str(output))
    groups = [(shard.name, json.dumps(group.to_json())) for group in shard.groups]
    pieces = [piece for group in groups for _, piece in make.process(group)]
    AssembleShard(str(output)).process((shard.name, pieces))
    assert content(output) == before


def test_of_two_that_assemble_a_shard_at_once_none_fails(
    plain_tree, tmp_path, small, content, monkeypatch
):
    """The slower one finds that the pieces it wants to read are gone."""
    settings = small(limit=4)
    finished = tmp_path / "shards"
    shard = prepare(plain_tree, finished, settings).plan.shards[0]
    before, looks = content(finished), []

    def not_yet_then(path, name):
        looks.append(name)
        return len(looks) > 1

    monkeypatch.setattr(folder_module, "shard_is_finished", not_yet_then)
    assemble_shard(finished, shard.name, [group.piece for group in shard.groups])
    assert content(finished) == before


class Pipeline:
    """A running pipeline's result whose counters are told in advance."""

    def __init__(self, *counts):
        self.counts, self.state, self.cancelled = list(counts), "RUNNING", False

    def metrics(self):
        return self

    def query(self, chosen):
        assert chosen.namespaces == {"keras_madd"}
        now = self.counts.pop(0) if self.counts else self.last
        self.last = now
        self.state = "RUNNING" if self.counts else "DONE"
        return {
            "counters": [
                SimpleNamespace(
                    key=SimpleNamespace(metric=SimpleNamespace(name=name)),
                    attempted=number,
                    committed=None,
                )
                for name, number in zip(("videos", "failed", "faces"), now, strict=True)
            ]
        }

    def wait_until_finish(self):
        assert self.state == "DONE"

    def cancel(self):
        self.cancelled = True


@pytest.fixture
def watch(monkeypatch):
    pytest.importorskip("apache_beam")
    from keras_madd.datasets.prepare import beam_watch

    monkeypatch.setattr(beam_watch, "WAIT_SECONDS", 0)
    return beam_watch.watch


def failed(number):
    return [number, {"status": "failed", "video": "a", "reason": "empty", "detail": "", "crops": 0}]


def test_progress_is_what_the_runner_counts(watch):
    shown = []
    tally = Tally(20, 5, lambda done, total, note: shown.append((done, total)))
    tally.add_finished([[0, {"status": "ok", "crops": 3}]])
    watch(Pipeline((2, 0, 6), (7, 0, 21), (30, 0, 60)), tally, lambda: [])
    # Tried twice, counted twice: never more than there are.
    assert shown[:3] == [(3, 20), (8, 20), (20, 20)]


def test_a_portable_runner_is_asked_again_each_time(watch):
    from apache_beam.metrics.cells import CounterCell
    from apache_beam.metrics.metricbase import MetricName
    from apache_beam.portability.api import beam_job_api_pb2
    from apache_beam.runners.portability.portable_runner import PipelineResult

    from keras_madd.datasets.prepare.beam_watch import read_counts

    counter = CounterCell()

    class Service:
        def GetJobMetrics(self, request):  # noqa: N802
            counter.inc(5)
            info = counter.to_runner_api_monitoring_info(MetricName("keras_madd", "videos"), "a")
            found = beam_job_api_pb2.MetricResults(attempted=[info])
            return beam_job_api_pb2.GetJobMetricsResponse(metrics=found)

    result = PipelineResult(Service(), "job", iter(()), iter(()))
    assert [read_counts(result)["videos"] for _ in range(3)] == [5, 10, 15]


def test_a_pipeline_is_cancelled_when_too_many_videos_have_failed(watch):
    tally = Tally(20, 2, lambda *_: None)
    pipeline = Pipeline((4, 1, 9), (9, 3, 18), (20, 3, 50))
    with pytest.raises(UserError, match="3 of 20 videos failed"):
        watch(pipeline, tally, lambda: [failed(number) for number in range(3)])
    assert pipeline.cancelled
    assert len(pipeline.counts) == 1


def test_a_failure_that_a_runner_counts_twice_counts_once(watch):
    tally = Tally(20, 2, lambda *_: None)
    pipeline = Pipeline((4, 2, 9), (9, 4, 18), (20, 4, 50))
    watch(pipeline, tally, lambda: [failed(1), failed(2)])
    assert not pipeline.cancelled


def test_ctrl_c_cancels_the_pipeline(watch):
    pipeline = Pipeline((1, 0, 1), (2, 0, 2))

    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watch(pipeline, Tally(20, 2, interrupt), lambda: [])
    assert pipeline.cancelled
