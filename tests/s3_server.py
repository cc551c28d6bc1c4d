"""An S3 server on this machine."""

import contextlib
import functools
import os
import urllib.request

import pytest

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "secret"}


@functools.cache
def _address():
    """That of the one server of this process."""
    server_module = pytest.importorskip("moto.moto_server.threaded_moto_server")
    pytest.importorskip("s3fs")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


@contextlib.contextmanager
def serving(monkeypatch, cache):
    """Yield the address of an empty bucket, `s3://NAME`.

    The server's address and the credentials are where the cloud's own tools look for them.
    """
    address = _address()
    from keras_madd.support import remote

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setattr(remote, "FIRST_PAUSE", 0.01)
    urllib.request.urlopen(
        urllib.request.Request(f"{address}/moto-api/reset", method="POST")
    ).close()
    remote._file_system("s3").mkdir("things")
    try:
        yield "s3://things"
    finally:
        # A connection takes a second to be made, and serves the next test too.
        if any(os.environ.get(name) != value for name, value in CREDENTIALS.items()):
            forget_connections()


def forget_connections():
    """Make the next use of a bucket look up its server and credentials anew."""
    import fsspec

    from keras_madd.support import remote

    remote._file_system.cache_clear()
    fsspec.get_filesystem_class("s3").clear_instance_cache()


def put_tree(folder, url):
    """Copy a folder into a bucket."""
    from keras_madd.support.remote import RemoteFolder

    for path in sorted(folder.rglob("*")):
        if path.is_file():
            RemoteFolder(url).put(path, path.relative_to(folder).as_posix())
