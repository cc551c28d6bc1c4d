from pathlib import Path

from keras_madd.media import find_videos


def test_a_name_that_no_file_can_have_is_kept_for_its_error():
    assert list(find_videos(["x" * 5000, "\0"])) == [Path("x" * 5000), Path("\0")]


def test_files_as_named_and_videos_in_folders(tmp_path):
    names = ["b.mp4", "a.MOV", "sub/c.webm", "sub/d.txt", ".hidden/e.mp4", "sub/.f.mp4", "g.png"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.mp4").mkdir()
    text = tmp_path / "sub" / "d.txt"
    found = [path.relative_to(tmp_path).as_posix() for path in find_videos([text, tmp_path])]
    assert found == ["sub/d.txt", "a.MOV", "b.mp4", "sub/c.webm"]
