import os

import dataset_trees as trees
import pytest

from keras_madd.datasets.prepare.plan import make_plan
from keras_madd.datasets.prepare.settings import PrepareSettings
from keras_madd.datasets.sources import open_source
from keras_madd.support.errors import UserError


def make(root, *names):
    for name in names:
        trees.touch(root / name)
    return root


def sources(root):
    return {video.name: video.source for video in open_source("folder", root).videos()}


def test_kinds(tmp_path):
    make(
        tmp_path,
        "real/a.mp4",
        "real/b/0010.png",
        "real/b/0009.png",
        "real/c.jpg",
        "fake/a_new.webm",
        "fake/notes.txt",
    )
    videos = {video.name: video for video in open_source("folder", tmp_path).videos()}
    assert list(videos) == ["fake/a_new", "real/a", "real/b", "real/c"]
    assert videos["real/a"].path == tmp_path / "real/a.mp4"
    assert videos["real/b"].path == tmp_path / "real/b"
    assert videos["real/c"].frames == (tmp_path / "real/c.jpg",)
    assert videos["fake/a_new"].source == "a"


@pytest.mark.parametrize(
    ("real", "fake", "source"),
    [
        ("clip01.mp4", "clip01.mp4", "clip01"),
        ("clip01.mp4", "clip01_swapped.mp4", "clip01"),
        ("clip01.mp4", "clip01-by-method.mp4", "clip01"),
        ("071.mp4", "Deepfakes/071_054.mp4", "071"),
        ("id1_0007.mp4", "id1_id0_0007.mp4", "id1_0007"),
        ("a/clip.mp4", "a/clip_x.mp4", "a/clip"),
        ("a/clip.mp4", "b/clip_x.mp4", "a/clip"),
        ("videos/clip.mp4", "videos/clip_x.mp4", "clip"),
        ("ann/001.mp4", "Swap/ann/001.mp4", "ann/001"),
        ("clip01.mp4", "clip01fake.mp4", "clip01"),
        ("clip01.mp4", "clip01fake2_b.mp4", "clip01"),
        ("clip01.mp4", "clip01(fake).mp4", "clip01"),
        ("clip01.mp4", "clip01+fake.mp4", "clip01"),
        ("clip(1).mp4", "clip(1)_fake.mp4", "clip(1)"),
        ("clip01.mp4", "clip012.mp4", "fake/clip012"),
        ("3.mp4", "3fa9c1.mp4", "fake/3fa9c1"),
        ("clip01.mp4", "other.mp4", "fake/other"),
    ],
)
def test_pairs(tmp_path, real, fake, source):
    make(tmp_path, f"real/{real}", "real/zzz.mp4", f"fake/{fake}")
    found = {v.path: v.source for v in open_source("folder", tmp_path).videos()}
    assert found[tmp_path / "fake" / fake] == source
    assert (source == found[tmp_path / "real" / real]) == (not source.startswith("fake/"))


def test_numbered_pictures_are_one_source(tmp_path):
    names = [f"{person}_{number:03d}" for person in ("ann", "bob") for number in range(4)]
    make(tmp_path, *(f"real/{name}.png" for name in names))
    make(tmp_path, *(f"fake/{name[:3]}_swap{name[3:]}.png" for name in names))
    found = sources(tmp_path)
    assert len(found) == 16
    assert all(source == name.split("/")[1][:3] for name, source in found.items())


_NUMBERED = ["{}_{:04d}", "{}-{:04d}", "{}_frame{:04d}", "{}_frame_{:d}", "{} ({})", "{}#{}"]


@pytest.mark.parametrize("name", _NUMBERED)
@pytest.mark.parametrize("videos", [("clip01", "clip02"), ("000", "001"), ("id0_0000", "id0_0001")])
def test_frames_of_videos_with_numbers_are_one_source(tmp_path, videos, name):
    names = [(video, name.format(video, frame)) for video in videos for frame in range(4)]
    make(tmp_path, *(f"real/{each}.png" for _, each in names))
    make(
        tmp_path, *(f"fake/{each.replace(video, f'{video}_swap', 1)}.png" for video, each in names)
    )
    found = sources(tmp_path)
    assert len(found) == 16
    assert all(videos[source == videos[1]] in name for name, source in found.items())
    assert set(found.values()) == set(videos)


@pytest.mark.parametrize("name", [*_NUMBERED, "{}{:03d}", "{}frame{:03d}"])
def test_pictures_of_people_are_one_source_each(tmp_path, name):
    people = ("ann", "bob", "cyd", "jeff")
    names = [name.format(person, number) for person in people for number in range(1, 11)]
    make(tmp_path, *(f"{label}/{each}.jpg" for label in ("real", "fake") for each in names))
    found = sources(tmp_path)
    assert len(found) == 80
    assert all(name.split("/")[1].startswith(source) for name, source in found.items())
    assert set(found.values()) == set(people)


def test_fakes_of_pictures_with_numbers_of_their_own(tmp_path):
    reals = [f"{name}{number:02d}" for name in ("clip", "other") for number in range(9)]
    make(tmp_path, *(f"real/{name}.png" for name in reals))
    make(tmp_path, *(f"fake/{name}{end}.png" for name in reals for end in ("fake", "_x", "(1)")))
    found = sources(tmp_path)
    assert len(found) == 18 * 4
    assert all(name.split("/")[1].startswith(source) for name, source in found.items())


def test_frames_of_celeb_df_stay_with_their_real_videos(tmp_path):
    frames = [(person, video, n) for person in range(9) for video in range(2) for n in range(3)]
    make(tmp_path, *(f"real/id{person}_{video:04d}_{n:03d}.png" for person, video, n in frames))
    make(tmp_path, *(f"fake/id{p}_id{p + 1}_{video:04d}_{n:03d}.png" for p, video, n in frames))
    found = sources(tmp_path)
    assert len(found) == 108
    for person, video, n in frames:
        assert found[f"fake/id{person}_id{person + 1}_{video:04d}_{n:03d}"] == (
            f"id{person}_{video:04d}"
        )


def test_people_below_methods_stay_with_their_real_videos(tmp_path):
    clips = [f"{person}/{n:03d}.mp4" for person in ("ann", "bob", "cem") for n in range(3)]
    make(tmp_path, *(f"real/{clip}" for clip in clips))
    make(tmp_path, *(f"fake/{method}/{clip}" for method in ("Swap", "Morph") for clip in clips))
    found = sources(tmp_path)
    for clip in clips:
        key = clip.removesuffix(".mp4")
        assert {found[f"fake/{method}/{key}"] for method in ("Swap", "Morph")} == {key}


def test_one_target_in_two_methods_is_one_source_without_a_real_video_too(tmp_path):
    make(tmp_path, "real/zzz.mp4", "fake/A/clip1.mp4", "fake/B/clip1.mp4")
    found = sources(tmp_path)
    assert found["fake/A/clip1"] == found["fake/B/clip1"]


def test_pictures_all_of_one_name_are_each_their_own(tmp_path):
    make(tmp_path, *(f"{label}/img_{n:03d}.png" for label in ("real", "fake") for n in range(20)))
    found = sources(tmp_path)
    assert len(set(found.values())) == 20
    assert {found[f"real/img_{n:03d}"] == found[f"fake/img_{n:03d}"] for n in range(20)} == {True}


def test_one_other_picture_changes_nothing(tmp_path):
    names = [f"{label}/img_{n:03d}.png" for label in ("real", "fake") for n in range(40)]
    make(tmp_path, *names, "real/cover.png")
    found = open_source("folder", tmp_path).videos()
    assert {video.split for video in found} == {"train", "val", "test"}
    assert len({video.source for video in found}) == 41


def test_pictures_in_folders_of_methods(tmp_path):
    make(tmp_path, *(f"real/{n:05d}.png" for n in range(30)))
    make(tmp_path, *(f"fake/{m}/img_{n:05d}.png" for m in ("GAN", "Diffusion") for n in range(30)))
    videos = open_source("folder", tmp_path).videos()
    assert len(videos) == 90
    assert {video.method for video in videos if video.label} == {"GAN", "Diffusion"}
    assert all(len(video.frames) == 1 for video in videos)
    assert {video.split for video in videos if video.label} == {"train", "val", "test"}
    assert len(open_source("folder", tmp_path, methods=["GAN"]).videos()) == 60


def test_case_and_unicode_form_part_no_pair(tmp_path):
    make(tmp_path, *(f"real/Cli\N{LATIN SMALL LETTER E WITH ACUTE}p{n:02d}.MP4" for n in range(9)))
    make(tmp_path, *(f"fake/clie\N{COMBINING ACUTE ACCENT}p{n:02d}_x.mp4" for n in range(9)))
    found = sources(tmp_path)
    assert len(found) == 18
    assert len(set(found.values())) == 9
    assert all(source.startswith("Cli") for source in found.values())


def test_a_split_without_real_ones_is_told(tmp_path):
    make(tmp_path, *(f"real/{p}_{n}.png" for p in ("ann", "bob") for n in range(9)))
    make(tmp_path, *(f"fake/{n}.mp4" for n in range(30)))
    notes = open_source("folder", tmp_path).notes
    assert "val has no real ones: their sources are elsewhere." in notes


def test_a_name_that_is_no_text(tmp_path):
    names = [b"caf\xe9.mp4", *(f"{n}.mp4".encode() for n in range(9))]
    for label in (b"real", b"fake"):
        (tmp_path / label.decode()).mkdir()
        for name in names:
            open(os.path.join(os.fsencode(tmp_path), label, name), "w").close()
    source = open_source("folder", tmp_path)
    assert len(source.videos()) == 20
    settings = PrepareSettings("folder", seed=0)
    assert len(make_plan(source.videos(), settings, tmp_path).videos) == 20


def test_methods_are_the_folders_below_fake(tmp_path):
    make(tmp_path, "real/a.mp4", "fake/Swap/a.mp4", "fake/Morph/a.mp4", "fake/a_b.mp4")
    videos = open_source("folder", tmp_path).videos()
    assert {v.name: v.method for v in videos} == {
        "real/a": "real",
        "fake/Swap/a": "Swap",
        "fake/Morph/a": "Morph",
        "fake/a_b": "fake",
    }
    videos = open_source("folder", tmp_path, methods=["swap"]).videos()
    assert {v.method for v in videos} == {"real", "Swap"}


class TestSplits:
    def test_folders_count(self, tmp_path):
        make(tmp_path, *(f"{s}/real/{i}.mp4" for s in ("train", "val", "test") for i in range(3)))
        videos = open_source("folder", tmp_path).videos()
        assert len(videos) == 9
        assert all(video.split == video.name.split("/")[0] for video in videos)

    @pytest.mark.parametrize("name", ["valid", "Validation", "VAL"])
    def test_other_spellings(self, tmp_path, name):
        make(tmp_path, "Train/REAL/a.mp4", f"{name}/Real/b.mp4", "train/Fake/a.mp4")
        splits = {v.path.stem: v.split for v in open_source("folder", tmp_path).videos()}
        assert splits["b"] == "val"

    def test_missing_validation_is_dealt_out_of_train(self, tmp_path):
        names = [f"train/{label}/{i}.mp4" for label in ("real", "fake") for i in range(10)]
        make(tmp_path, *names, "test/real/0.mp4", "test/fake/0.mp4")
        source = open_source("folder", tmp_path)
        splits = [video.split for video in source.videos()]
        assert splits.count("test") == 2
        assert splits.count("val") == 4
        assert splits.count("train") == 16

    def test_both_is_an_error(self, tmp_path):
        make(tmp_path, "real/a.mp4", "train/real/b.mp4")
        with pytest.raises(UserError, match="both here and in folders of splits"):
            open_source("folder", tmp_path).videos()


def test_only_real(tmp_path):
    source = open_source("folder", make(tmp_path, *(f"real/{i}.jpg" for i in range(9))))
    assert {video.split for video in source.videos()} == {"train", "val", "test"}
    assert "All videos are real." in source.notes
    assert not [note for note in source.notes if "has no" in note]


def test_a_video_beside_its_frames_is_one_video(tmp_path):
    make(tmp_path, "real/a.mp4", "real/frames/a/1.png", "real/frames/a/2.png", "real/a.jpg")
    make(tmp_path, "fake/a_b.mp4", "real/c/1.png")
    source = open_source("folder", tmp_path)
    videos = {video.name: video for video in source.videos()}
    assert set(videos) == {"real/a", "real/c", "fake/a_b"}
    assert videos["real/a"].path == tmp_path / "real/a.mp4"
    assert "2 videos left out, real/a.jpg for one: pictures of a video that is there itself." in (
        source.notes
    )


def test_equal_names_of_different_files(tmp_path):
    make(tmp_path, "real/a.mp4", "real/a.avi", "real/c.png", "real/c/1.png", "fake/b.mp4")
    names = [video.name for video in open_source("folder", tmp_path).videos()]
    assert names == ["fake/b", "real/a.avi", "real/a.mp4", "real/c", "real/c.png"]


def test_links_in_a_circle_end(tmp_path):
    make(tmp_path, "real/sub/a.mp4", "fake/a.mp4")
    (tmp_path / "real" / "sub" / "up").symlink_to(tmp_path / "real")
    assert [v.name for v in open_source("folder", tmp_path).videos()] == ["fake/a", "real/sub/a"]


def test_nothing_in_it(tmp_path):
    make(tmp_path, "real/notes.txt")
    with pytest.raises(UserError, match="looked for videos or pictures"):
        open_source("folder", tmp_path).videos()


def test_pictures_of_a_kind_that_is_not_read(tmp_path):
    make(tmp_path, "real/a.heic", "fake/b.HEIC")
    with pytest.raises(UserError, match=r"real/a\.heic for one: HEIC is not read, convert it"):
        open_source("folder", tmp_path).videos()


def test_pictures_and_their_fakes_stay_together_whatever_the_others_are_called(tmp_path):
    names = [f"{number:04d}" for number in range(1, 101)]
    make(
        tmp_path,
        *(f"real/face_{name}.jpg" for name in names),
        *(f"fake/Swap/face_{name}.jpg" for name in names[:50]),
        *(f"fake/Gan/gan_{name}.jpg" for name in names[:50]),
    )
    videos = {video.name: video for video in open_source("folder", tmp_path).videos()}
    for name in names[:50]:
        real, fake = videos[f"real/face_{name}"], videos[f"fake/Swap/face_{name}"]
        assert (fake.source, fake.split) == (real.source, real.split)


def test_two_cameras(tmp_path):
    make(
        tmp_path,
        *(f"real/IMG_{number:04d}.jpg" for number in range(95)),
        *(f"real/DSC_{number:04d}.jpg" for number in range(5)),
        *(f"fake/IMG_{number:04d}.jpg" for number in range(20)),
        *(f"fake/DSC_{number:04d}.jpg" for number in range(5)),
    )
    videos = {video.name: video for video in open_source("folder", tmp_path).videos()}
    for name, video in videos.items():
        if video.label:
            assert video.split == videos[name.replace("fake/", "real/")].split


def test_a_stray_video_does_not_make_one_video_of_all_pictures(tmp_path):
    names = [f"{number:04d}.jpg" for number in range(60)]
    make(tmp_path, *(f"real/{name}" for name in names), *(f"fake/Swap/{name}" for name in names))
    make(tmp_path, "real/clip.mp4")
    videos = open_source("folder", tmp_path).videos()
    assert sum(video.label for video in videos) == 60
    assert {video.method for video in videos} == {"real", "Swap"}
