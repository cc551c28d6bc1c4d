import json
import pickle
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from s3_server import put_tree

from keras_madd.cli.main import main
from keras_madd.data import load_dataset
from keras_madd.datasets.prepare import prepare
from keras_madd.datasets.prepare.origin import Origin, tree_of
from keras_madd.evaluation.crops import open_splits, source_groups
from keras_madd.exporting.samples import read_samples
from keras_madd.support.errors import UserError
from keras_madd.support.remote import RemoteFolder
from keras_madd.training.settings import TrainSettings
from keras_madd.training.shards_data import ShardsData


@pytest.fixture
def visible(content):
    """What a finished folder shows: name -> bytes, without the records of the run."""

    def read(folder):
        return {
            name: data for name, data in content(folder).items() if not name.startswith(".prepare/")
        }

    return read


def fetch_all(url, folder):
    for name in RemoteFolder(url).sizes():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        RemoteFolder(url).fetch(name, folder / name)
    return folder


def test_from_a_bucket_into_a_bucket(plain_tree, bucket, tmp_path, small, visible):
    settings, root, output = small(limit=8), f"{bucket}/videos", f"{bucket}/out/shards"
    put_tree(plain_tree, root)
    prepare(plain_tree, tmp_path / "local", settings)
    result = prepare(root, output, settings, workers=1)
    assert result.videos == len(result.plan.videos) == 8
    (tmp_path / "got").mkdir()
    assert visible(fetch_all(output, tmp_path / "got")) == visible(tmp_path / "local")
    # The plan is that of a copy on this machine: the one goes on with the other.
    again = prepare(root, tmp_path / "local", settings)
    assert again.complete_before
    # Read back, and from the cache when a shard is gone from the bucket.
    batches = [
        [(images.numpy().tobytes(), labels.numpy().tolist()) for images, labels in dataset]
        for dataset in (
            load_dataset(output, "test", 4),
            load_dataset(tmp_path / "local", "test", 4),
            load_dataset(output, "test", 4),
        )
    ]
    assert batches[0] == batches[1] == batches[2]
    assert batches[0]


def test_a_missing_video_is_a_failure_and_a_dead_server_ends_the_run(
    plain_tree,
    bucket,
    tmp_path,
    small,
    monkeypatch,
):
    from keras_madd.datasets.prepare import run_preparation

    settings, root = small(limit=4), f"{bucket}/videos"
    put_tree(plain_tree, root)
    carry_out = run_preparation._carry_out

    def lose_one(plan, *rest):
        below = plan.videos[0].path.relative_to(plan.root).as_posix()
        RemoteFolder(root).remove(below)
        return carry_out(plan, *rest)

    monkeypatch.setattr(run_preparation, "_carry_out", lose_one)
    result = prepare(root, tmp_path / "a", settings)
    assert result.description.failures == {"missing": 1}

    def lose_all(plan, *rest):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "")
        return carry_out(plan, *rest)

    monkeypatch.setattr(run_preparation, "_carry_out", lose_all)
    with pytest.raises(UserError, match=r"s3://things/videos/.*What is done is kept"):
        prepare(root, tmp_path / "b", settings)


def test_workers_of_a_beam_runner_fetch_their_videos(plain_tree, bucket, tmp_path, small, content):
    pytest.importorskip("apache_beam")
    from keras_madd.datasets.prepare import beam

    settings, root, output = small(limit=4), f"{bucket}/videos", tmp_path / "shards"
    put_tree(plain_tree, root)
    plan = prepare(root, output, settings).plan
    assert not plan.root.exists()
    shard, finished = plan.shards[0], content(output)
    (output / f".prepare/shards/{shard.name}.json").unlink()
    (output / f"{shard.name}.tfrecord").unlink()
    origin = Origin(str(plan.root), root)
    make = beam.MakePiece(settings.to_json(), str(output), origin)
    make = pickle.loads(pickle.dumps(make))
    groups = [(shard.name, json.dumps(group.to_json())) for group in shard.groups]
    pieces = [piece for group in groups for _, piece in make.process(group)]
    make.teardown()
    beam.AssembleShard(str(output)).process((shard.name, pieces))
    assert content(output) == finished


def steps(output, settings):
    """The two steps of a pipeline, as another machine gets them."""
    from keras_madd.datasets.prepare import beam

    both = beam.MakePiece(settings.to_json(), output), beam.AssembleShard(output)
    return pickle.loads(pickle.dumps(both))


def elements(shard):
    return [(shard.name, json.dumps(group.to_json())) for group in shard.groups]


def test_a_beam_runner_puts_shards_into_a_bucket_and_nothing_twice(
    plain_tree, bucket, tmp_path, small, visible, monkeypatch
):
    pytest.importorskip("apache_beam")
    settings, output = small(limit=4, videos_per_shard=2), f"{bucket}/out/shards"
    wanted = prepare(plain_tree, tmp_path / "local", settings)
    put, went = RemoteFolder.put, []
    monkeypatch.setattr(
        RemoteFolder, "put", lambda self, source, name: went.append(name) or put(self, source, name)
    )

    def killed(*_):
        raise KeyboardInterrupt

    # The machine that starts the run is gone when one shard is there and a piece of another.
    with monkeypatch.context() as early:
        early.setattr("keras_madd.datasets.prepare.beam.run_beam", killed)
        with pytest.raises(KeyboardInterrupt):
            prepare(plain_tree, output, settings, runner="DirectRunner")
    first, second, *_ = wanted.plan.shards
    make, assemble = steps(output, settings)
    pieces = [piece for each in elements(first) for _, piece in make.process(each)]
    assemble.process((first.name, pieces))
    list(make.process(elements(second)[0]))
    make.teardown()
    assert sorted(went) == sorted(set(went))
    sizes = RemoteFolder(output).sizes()
    assert f"{first.name}.tfrecord" in sizes
    assert not any(name.startswith(f".prepare/pieces/{first.name}") for name in sizes)

    result = prepare(plain_tree, output, settings, runner="DirectRunner", workers=1)
    assert not result.complete_before
    assert result.description == wanted.description
    assert sorted(went) == sorted(set(went))
    (tmp_path / "got").mkdir()
    got = fetch_all(output, tmp_path / "got")
    assert visible(got) == visible(tmp_path / "local")
    assert not list(got.glob(".prepare/pieces/*"))
    assert went[-1] == "dataset.json"


def test_a_step_that_is_tried_again_makes_nothing_twice_in_a_bucket(
    plain_tree, bucket, tmp_path, small, monkeypatch
):
    pytest.importorskip("apache_beam")
    settings, output = small(limit=2), f"{bucket}/shards"
    shard = prepare(plain_tree, tmp_path / "local", settings).plan.shards[0]
    make, assemble = steps(output, settings)
    pieces = [piece for each in elements(shard) for _, piece in make.process(each)]
    make.teardown()
    assemble.process((shard.name, pieces))
    before = RemoteFolder(output).sizes()
    monkeypatch.setattr(RemoteFolder, "put", None)
    assert [piece for each in elements(shard) for _, piece in make.process(each)] == pieces
    assemble.process((shard.name, pieces))
    assert RemoteFolder(output).sizes() == before


def test_an_upload_goes_on_where_it_was_cut_short(
    finished,
    bucket,
    tmp_path,
    monkeypatch,
):
    from keras_madd.data.shards import load_dataset_json
    from keras_madd.datasets.prepare.upload import upload

    folder, url = tmp_path / "shards", f"{bucket}/shards"
    shutil.copytree(finished, folder)
    description = load_dataset_json(folder)
    put, went = RemoteFolder.put, []

    def count(self, source, name):
        if len(went) == 2:
            raise KeyboardInterrupt
        went.append(name)
        put(self, source, name)

    monkeypatch.setattr(RemoteFolder, "put", count)
    with pytest.raises(KeyboardInterrupt):
        upload(folder, url, description)
    assert sorted(RemoteFolder(url).sizes()) == sorted(went)
    first, went[:] = list(went), [None]
    monkeypatch.setattr(
        RemoteFolder, "put", lambda self, source, name: went.append(name) or put(self, source, name)
    )
    upload(folder, url, description)
    names = [info.name for info in description.shards]
    assert first == names[:2]
    assert went[1:] == [*names[2:], "manifest.jsonl", "dataset.json"]


def test_evaluation_and_export_read_a_bucket_as_they_read_a_folder(finished, bucket):
    url = f"{bucket}/shards"
    put_tree(finished, url)
    (here,), (there,) = open_splits([finished], "test"), open_splits([url], "test")
    assert there.origin == url
    assert replace(there, origin=here.origin, folder=here.folder) == here
    first, second = (
        [record.image for group in source_groups(each) for record in group]
        for each in (here, there)
    )
    assert first == second
    # A split is fetched, not the others.
    assert {path.name.split("-")[0] for path in there.folder.glob("*.tfrecord")} == {"test"}
    drawn = [
        read_samples(each, (32, 32), 16, margin=here.margin).images for each in (finished, url)
    ]
    np.testing.assert_array_equal(*drawn)


def test_a_shard_that_is_not_what_the_description_says(finished, bucket):
    url = f"{bucket}/shards"
    put_tree(finished, url)
    name = next(finished.glob("test-*.tfrecord")).name
    damaged = bytearray((finished / name).read_bytes())
    damaged[len(damaged) // 2] ^= 1
    RemoteFolder(url)._files.pipe(f"things/shards/{name}", bytes(damaged))
    with pytest.raises(UserError, match=f"{name}: its digest is not that"):
        load_dataset(url, "test", 4)


def test_a_bucket_that_holds_something_else_is_refused_before_any_work(
    plain_tree, bucket, tmp_path, small, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "a").write_bytes(b"a")
    RemoteFolder(f"{bucket}/taken").put(tmp_path / "a", "train-00000.tfrecord")

    def progress(done, total, note):
        raise AssertionError(note)

    with pytest.raises(UserError, match=r"s3://things/taken is not empty, and no run of this"):
        prepare(plain_tree, f"{bucket}/taken", small(), progress=progress)
    with pytest.raises(UserError, match=r"nobodys.*no such bucket"):
        prepare(plain_tree, "s3://nobodys/out", small(), progress=progress)
    assert RemoteFolder(f"{bucket}/taken").sizes() == {"train-00000.tfrecord": 1}


def test_of_a_data_set_in_a_bucket_only_lists_come_whole(bucket, tmp_path):
    for name in ("real/a.mp4", "part_00.zip", "lists/train.json"):
        (tmp_path / "a").write_bytes(b"[]")
        RemoteFolder(f"{bucket}/set").put(tmp_path / "a", name)
    with tree_of(f"{bucket}/set") as (tree, _):
        sizes = {path.name: path.stat().st_size for path in tree.rglob("*") if path.is_file()}
    assert sizes == {"a.mp4": 0, "part_00.zip": 0, "train.json": 2}


def test_mistakes_are_one_line(bucket, plain_tree, tmp_path, small, capsys):
    with pytest.raises(UserError, match=r"s3://things/none/dataset.json: no such file or bucket"):
        load_dataset(f"{bucket}/none", "test", 4)
    with pytest.raises(UserError, match="does not exist or is empty: s3://things/none"):
        prepare(f"{bucket}/none", tmp_path / "a", small())
    (tmp_path / "list.json").write_text(json.dumps([]))
    RemoteFolder(f"{bucket}/odd").put(tmp_path / "list.json", "list.json")
    words = ["prepare", "--dataset", "folder", "--root", f"{bucket}/odd", "--output"]
    assert main([*words, str(tmp_path / "b")]) == 2
    said = capsys.readouterr().err
    assert "s3://things/odd" in said
    assert len(said.strip().splitlines()) == 1


def test_training_reads_from_a_bucket(finished, bucket, tmp_path):
    url = f"{bucket}/shards"
    put_tree(finished, url)
    settings = TrainSettings(data=url, output=tmp_path / "run", preset="madd_tiny")
    assert settings.data == (url,)
    data, local = ShardsData.open(settings), ShardsData.open(replace(settings, data=(finished,)))
    assert data.descriptions == local.descriptions
    digests = [[each["sha256"] for each in found.fingerprints] for found in (data, local)]
    assert digests[0] == digests[1]


def test_folders_of_this_machine_need_no_library_for_buckets(finished, command, plain_tree):
    program = """
import sys
from keras_madd.cli.main import main
assert main(sys.argv[1:]) == 0
sys.exit("fsspec" in sys.modules)
"""
    words = command(plain_tree, finished)
    subprocess.run([words[0], "-c", program, *words[3:]], check=True, capture_output=True)
