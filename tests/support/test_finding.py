import os
from pathlib import Path

from keras_madd.support.finding import find_files


def found(*paths, passed_over=()):
    return list(find_files(paths, {".png", ".jpg"}, passed_over))


def make(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")


def names(folder, **options):
    return [path.relative_to(folder).as_posix() for path in found(folder, **options)]


def test_files_named_and_files_inside_folders(tmp_path):
    make(tmp_path, "b/2.PNG", "b/1.jpg", "a.jpg", "b.png", "c.txt", ".hidden/d.png", "b/.e.png")
    assert names(tmp_path) == ["a.jpg", "b/1.jpg", "b/2.PNG", "b.png"]
    assert found(tmp_path / "c.txt", "absent") == [tmp_path / "c.txt", Path("absent")]
    assert names(tmp_path, passed_over=("1.jpg",)) == ["a.jpg", "b/2.PNG", "b.png"]


def test_folders_that_systems_add_are_passed_over(tmp_path):
    make(tmp_path, "a.png", "b/@eaDir/a.png/THUMB.jpg", "__MACOSX/b.png", "#recycle/c.png")
    make(tmp_path, "$RECYCLE.BIN/d.png", "System Volume Information/e.png", "@eaDirs/f.png")
    assert names(tmp_path) == ["@eaDirs/f.png", "a.png"]


def test_links_are_followed_and_each_folder_is_searched_once(tmp_path):
    make(tmp_path, "real/a.png", "top/b.png")
    (tmp_path / "top/linked").symlink_to(tmp_path / "real")
    (tmp_path / "top/again").symlink_to(tmp_path / "real")
    (tmp_path / "real/up").symlink_to(tmp_path / "top")
    (tmp_path / "top/file.png").symlink_to(tmp_path / "real/a.png")
    (tmp_path / "top/circle.png").symlink_to(tmp_path / "top/circle.png")
    (tmp_path / "top/dead.png").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "top/fifo.png")
    assert names(tmp_path / "top") == ["again/a.png", "b.png", "file.png"]


def test_folders_deeper_than_pythons_stack(tmp_path):
    here = os.getcwd()
    os.chdir(tmp_path)
    try:
        for _ in range(1500):
            os.mkdir("d")
            os.chdir("d")
        make(Path("."), "deep.png")
    finally:
        os.chdir(here)
    (path,) = found(tmp_path)
    assert path.name == "deep.png"
    assert len(path.relative_to(tmp_path).parts) == 1501
    path.unlink()
    for _ in range(1500):  # pytest's own cleaning would recurse.
        path = path.parent
        path.rmdir()


def test_a_folder_that_cannot_be_searched_is_not_passed_over(tmp_path, monkeypatch):
    make(tmp_path, "a.png", "locked/b.png")
    scandir = os.scandir

    def refused(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    assert names(tmp_path) == ["a.png", "locked"]
