"""What every test gets: a backend, quiet logs, the same random numbers, and memory to work in."""

import collections
import contextlib
import ctypes
import gc
import os
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# With oneDNN, TensorFlow keeps the most memory that any test ever took.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
# XLA compiles in a third of the time; steps this small do not run long enough to gain by more.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
)

# Servers of tests are on this machine, whatever proxy there is; and a pipe is no terminal.
os.environ["no_proxy"] = f"127.0.0.1,localhost,{os.environ.get('no_proxy', '')}"
os.environ["NO_PROXY"] = f"127.0.0.1,localhost,{os.environ.get('NO_PROXY', '')}"
os.environ.pop("FORCE_COLOR", None)
os.environ.pop("TTY_COMPATIBLE", None)
os.environ.pop("TTY_INTERACTIVE", None)

import pytest


@pytest.fixture(autouse=True)
def _same_random_numbers():
    # Tests of the parts without Keras must not wait for its import.
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)


@pytest.fixture(autouse=True, scope="module")
def _memory_goes_with_the_module(request):
    yield
    for kept in list(vars(request.module).values()):
        if hasattr(kept, "cache_clear") and kept.__module__ == request.module.__name__:
            kept.cache_clear()
    if "keras" in sys.modules:
        sys.modules["keras"].utils.clear_session()
    gc.collect()
    # The C library keeps what Python and TensorFlow freed, unless it is asked.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_make_scheduler(config, log):
    """Keep the tests of a file on one worker, which makes the file's models once."""
    from xdist.scheduler import LoadFileScheduling

    if config.getoption("dist") != "load":
        return None
    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


def pytest_collection_finish():
    """What imports have made stays to the end, and no collection need look through it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_collection_modifyitems(config, items):
    """On several workers, slow files come first: none of them is left for one worker at the end."""
    if hasattr(config, "workerinput"):
        tests = collections.Counter(item.path for item in items)
        slow = collections.Counter(item.path for item in items if item.get_closest_marker("slow"))
        items.sort(key=lambda item: (-slow[item.path], -tests[item.path]))


@pytest.fixture
def shipped_preset(tmp_path, monkeypatch):
    """The folder of the detector that comes with the package: here one with random weights."""
    from exported_model import exported, tiny_model

    from keras_madd.support import shipped

    folder = tmp_path / "weights" / shipped.DEFAULT
    tiny_model().save_to_preset(folder, half_precision=True)
    exported(folder)
    (folder / shipped.CARD).write_text("# Made for a test\n")
    monkeypatch.setattr(shipped, "WEIGHTS", folder.parent)
    return folder


@pytest.fixture
def bucket(monkeypatch, tmp_path):
    """The address of an empty bucket on a server of this machine; the cache is a new one."""
    import s3_server

    with s3_server.serving(monkeypatch, tmp_path / "cache") as url:
        yield url
