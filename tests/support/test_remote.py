import sys

import pytest
from s3_server import forget_connections

from keras_madd.support import remote
from keras_madd.support.errors import UserError
from keras_madd.support.remote import RemoteError, RemoteFolder, cache_folder, is_remote


def test_which_paths_are_remote(tmp_path):
    assert is_remote("s3://bucket/folder")
    assert is_remote("gs://bucket")
    for path in (tmp_path, "s3", "s3:/bucket", "folder/s3://x", "./gs://x"):
        assert not is_remote(path)


@pytest.mark.parametrize("path", ["gcs://b/x", "S3://b/x", "s3a://b/x", "az://b", "file:///tmp"])
def test_addresses_of_other_kinds_are_no_names_of_folders(path):
    with pytest.raises(UserError, match=f"{path}: addresses begin with s3:// or gs://"):
        is_remote(path)


def test_each_folder_has_a_place_in_the_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    place = cache_folder("s3://a/b", "shards")
    assert place.parent == tmp_path / "keras-madd" / "shards"
    assert cache_folder("s3://a/b/", "shards") == place
    assert cache_folder("s3://a/c", "shards") != place


def test_files_go_there_and_back(bucket, tmp_path):
    folder, source, target = RemoteFolder(f"{bucket}/some/where/"), tmp_path / "a", tmp_path / "b"
    assert folder.sizes() == {}
    source.write_bytes(b"content" * 1000)
    folder.put(source, "deep/a.bin")
    RemoteFolder(f"{bucket}/some/where-else").put(source, "a.bin")
    assert folder.sizes() == {"deep/a.bin": 7000}
    target.write_bytes(b"older")
    folder.fetch("deep/a.bin", target)
    assert target.read_bytes() == source.read_bytes()
    folder.remove("deep/a.bin")
    folder.remove("deep/a.bin")
    assert folder.sizes() == {}
    with pytest.raises(FileNotFoundError):
        folder.fetch("deep/a.bin", target)


def test_names_that_are_no_paths_are_left_out(bucket, tmp_path):
    (tmp_path / "a").write_bytes(b"a")
    folder = RemoteFolder(f"{bucket}/odd")
    for name in ("a.mp4", "/tmp/a.mp4", "../../a.mp4", "b//a.mp4", "./a.mp4"):
        folder._files.pipe_file(f"{folder._path}/{name}", b"a")
    assert "a.mp4" in folder.sizes()
    for name in folder.sizes():
        assert not {"", ".", ".."} & set(name.split("/")), name


def test_no_such_bucket(bucket, tmp_path):
    folder = RemoteFolder("s3://nobodys/folder")
    (tmp_path / "a").write_bytes(b"a")
    for action in (folder.sizes, lambda: folder.put(tmp_path / "a", "a")):
        with pytest.raises(RemoteError, match=r"s3://nobodys/folder.*no such bucket or folder"):
            action()


def test_no_credentials(bucket, monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("HOME", str(tmp_path))
    forget_connections()
    with pytest.raises(RemoteError, match=r"no permission.*Unable to locate credentials.*profile"):
        RemoteFolder(bucket + "/a").sizes()


def test_no_bucket_in_the_address():
    with pytest.raises(UserError, match="no bucket in it"):
        RemoteFolder("s3://")


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    remote._file_system.cache_clear()
    with pytest.raises(UserError, match=r"pip install 'keras-madd\[cloud\]'"):
        RemoteFolder("s3://bucket/folder")


class Flaky:
    """A file system that fails so many times, or leaves out the end of files."""

    def __init__(self, inner, failures, short=False):
        self.inner, self.failures, self.short = inner, failures, short

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def get_file(self, source, target):
        if self.failures:
            self.failures -= 1
            if not self.short:
                raise ConnectionError("the line is dead")
            with open(target, "wb") as file:
                return file.write(b"half")
        return self.inner.get_file(source, target)

    def put_file(self, source, target):
        if self.failures:
            self.failures -= 1
            return self.inner.pipe_file(target, b"half")
        return self.inner.put_file(source, target)


@pytest.mark.parametrize("short", [False, True])
def test_what_fails_is_tried_again(bucket, tmp_path, short):
    folder, source, target = RemoteFolder(f"{bucket}/a"), tmp_path / "a", tmp_path / "b"
    source.write_bytes(b"content")
    folder.put(source, "a")
    folder._files = Flaky(folder._files, 3, short)
    folder.fetch("a", target)
    assert target.read_bytes() == b"content"
    folder._files.failures = 4
    target.write_bytes(b"older")
    with pytest.raises(RemoteError, match=r"s3://things/a/a: 4 tries failed"):
        folder.fetch("a", target)
    assert target.read_bytes() == b"older"
    assert sorted(tmp_path.iterdir()) == [source, target]


def test_an_upload_that_did_not_arrive_whole_is_made_again(bucket, tmp_path):
    folder, source = RemoteFolder(f"{bucket}/a"), tmp_path / "a"
    source.write_bytes(b"content")
    folder._files = Flaky(folder._files, 1)
    folder.put(source, "a")
    assert folder.sizes() == {"a": 7}
