"""Puts the built page and its WebAssembly files into the Python package.

`npm ci && npm run build && python pack.py`; with `--check` it compares instead.
"""

import argparse
import io
import lzma
import shutil
import sys
import tarfile
from pathlib import Path

HERE = Path(__file__).parent
PACKAGE = HERE.parent / "keras_madd" / "web"
BUILT, PAGE, RUNTIMES = HERE / "out" / "page", PACKAGE / "page", PACKAGE / "runtimes.tar.xz"
MODULES = HERE / "node_modules"
# Alike ones beside each other, within one dictionary: each after the first costs next to nothing.
FILES = [
    *("@mediapipe/tasks-vision/wasm/vision_wasm_internal.js",),
    *("@mediapipe/tasks-vision/wasm/vision_wasm_internal.wasm",),
    *("@litertjs/core/wasm/litert_wasm_internal.js",),
    *("@litertjs/core/wasm/litert_wasm_compat_internal.js",),
    *("@litertjs/core/wasm/litert_wasm_internal.wasm",),
    *("@litertjs/core/wasm/litert_wasm_compat_internal.wasm",),
]
_FILTERS = [
    {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": 1 << 26},
]


def built_page() -> dict[str, bytes]:
    """Returns the files of the page that `npm run build` made."""
    return {path.name: path.read_bytes() for path in sorted(BUILT.iterdir())}


def runtimes() -> dict[str, bytes]:
    """Returns the WebAssembly files of the installed packages."""
    return {Path(name).name: (MODULES / name).read_bytes() for name in FILES}


def pack() -> None:
    """Writes both into the package."""
    shutil.rmtree(PAGE, ignore_errors=True)
    PAGE.mkdir(parents=True)
    for name, content in built_page().items():
        (PAGE / name).write_bytes(content)
    if packed() != runtimes():
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for name, content in runtimes().items():
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(content), 0o644
                tar.addfile(entry, io.BytesIO(content))
        RUNTIMES.write_bytes(lzma.compress(archive.getvalue(), filters=_FILTERS))


def packed() -> dict[str, bytes]:
    """Returns the WebAssembly files in the package."""
    if not RUNTIMES.is_file():
        return {}
    with tarfile.open(RUNTIMES) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive}


def check() -> list[str]:
    """Returns what differs between the package and what was built."""
    page = {path.name: path.read_bytes() for path in sorted(PAGE.glob("*"))}
    return [
        name
        for found, wanted in ((page, built_page()), (packed(), runtimes()))
        for name in sorted(found.keys() | wanted.keys())
        if found.get(name) != wanted.get(name)
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare; status 1 if they differ")
    if parser.parse_args().check:
        different = check()
        if different:
            sys.exit(f"keras_madd/web is not what web_demo builds: {', '.join(different)}")
    else:
        pack()
