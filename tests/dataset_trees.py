"""Datasets as they lie on disk, in small: the layouts as downloaded, with empty or real files.

Every builder takes `write(path, source, label)`, which makes one video: `touch` makes an empty
file, enough to test what is found; a `FaceVideos` makes small H.264 files with a face in them.
`source` is the key of the real video that it derives from, so a fake looks like its real video.
Builders return the root to be opened.
"""

import functools
import json
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from keras_madd.media import VideoWriter

FF_METHODS = ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures", "FaceShifter")
# Pairs of real videos by split, as FaceForensics++ lists them.
FF_PAIRS = {
    "train": (("071", "054"), ("087", "081"), ("286", "267")),
    "val": (("720", "672"),),
    "test": (("953", "974"), ("012", "026")),
}


def touch(path, source="", label=0):
    """Make an empty file in place of a video or a picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


@functools.cache
def _people(identity):
    from keras_madd.demo.people import draw_person

    return draw_person(np.random.default_rng([7, identity]))


@functools.lru_cache(maxsize=16)
def face_frames(seed=0, size=(320, 240), frames=12, face=True, face_side=None, fake=False):
    """RGB frames uint8 `(frames, height, width, 3)`: a person who moves a little, or no one.

    Args:
        seed: everything follows from it.
        size: width and height in pixels.
        frames: number of frames.
        face: whether anybody is seen.
        face_side: side in pixels of the square that the person fills; the frame's short side if
            None. The face is about half of it.
        fake: whether mouth and nose are smeared, alike in all frames.
    """
    from keras_madd.demo.scenes import draw_scene
    from keras_madd.demo.synthetic_faces import render_video

    width, height = size
    rng = np.random.default_rng([11, seed])
    # An empty place is plain: in leaves and lights a detector sees faces.
    scene = draw_scene(rng, 128) if face else np.mgrid[60:188, :128, :3][0].astype(np.uint8)
    result = np.repeat(cv2.resize(scene, (width, height))[None], frames, axis=0)
    if face:
        side = face_side or min(size)
        video = render_video(_people(seed % 5), rng, frames, 160)
        left, top = (width - side) // 2, (height - side) // 2
        for number, picture in enumerate(video.frames):
            if fake:
                x, y = video.landmarks[number, 1].astype(int)
                part = picture[max(y - 26, 0) : y + 26, max(x - 26, 0) : x + 26]
                part[:] = cv2.GaussianBlur(part, (0, 0), 2) // 4 * 4
            picture = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
            result[number, top : top + side, left : left + side] = picture
    result.setflags(write=False)
    return result


@functools.lru_cache(maxsize=256)
def _encoded(suffix, rotation, frame_rate, *arguments):
    import tempfile

    pictures = face_frames(*arguments)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"video{suffix}"
        stored = [np.rot90(picture, -(rotation // 90)) for picture in pictures]
        height, width = stored[0].shape[:2]
        writer = VideoWriter(
            path, width, height, frame_rate, quality=20, rotation=rotation, speed="ultrafast"
        )
        with writer:
            for picture in stored:
                writer.write(picture)
        return path.read_bytes()


def write_face_video(
    path,
    seed=0,
    size=(320, 240),
    frames=12,
    *,
    rotation=0,
    face=True,
    face_side=None,
    fake=False,
    cut=1.0,
    frame_rate=25.0,
):
    """Write a small H.264 video; a second one with the same arguments costs nothing.

    Args:
        path: file to write; its folder is made.
        seed: of the person, the place and the motion.
        size: upright width and height in pixels, even numbers.
        frames: number of frames.
        rotation: degrees counter-clockwise by which a player has to turn the stored pictures
            until they are upright, as phones write it.
        face: whether anybody is seen.
        face_side: see `face_frames`.
        fake: see `face_frames`.
        cut: part of the file that is kept; the index is in front, so that below 1 the frames
            before the cut can be read.
        frame_rate: frames per second.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    arguments = (seed, tuple(size), frames, face, face_side, fake)
    content = _encoded(path.suffix, rotation, frame_rate, *arguments)
    path.write_bytes(content[: int(len(content) * cut)])
    return path


@dataclass
class FaceVideos:
    """A `write` for the builders that makes real videos.

    Attributes:
        frames: number of frames of each.
        sizes: upright sizes, in turn by the source.
        odd: stem of a file -> arguments of `write_face_video` that are different for it.
    """

    frames: int = 12
    sizes: tuple = ((320, 240), (240, 320))
    odd: dict = field(default_factory=dict)

    def __call__(self, path, source, label):
        """Write one video."""
        seed = zlib.crc32(source.encode()) % 10_000
        size = self.sizes[seed % len(self.sizes)]
        arguments = {"seed": seed, "size": size, "frames": self.frames, "fake": bool(label)}
        write_face_video(path, **(arguments | self.odd.get(path.stem, {})))


# What the issue asks for, to be given to stems of a tree: `FaceVideos(odd={"071": ROTATED})`.
ROTATED = {"rotation": -90}
LARGE = {"size": (640, 480)}
CUT = {"cut": 0.6}
TINY_FACE = {"size": (640, 480), "face_side": 110}
NO_FACE = {"face": False}


def write_image(path, source, label, size=(96, 96)):
    """Write a picture of a person, PNG or JPEG by its ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    digits = "".join(character for character in path.stem if character.isdigit())
    number = int(digits or 0) % 4
    seed = zlib.crc32(source.encode()) % 10_000
    picture = face_frames(seed, size, 4, True, None, bool(label))[number]
    assert cv2.imwrite(str(path), np.ascontiguousarray(picture[..., ::-1]))


def faceforensics(
    root, write=touch, compressions=("c23",), methods=FF_METHODS, lists="", pairs=FF_PAIRS
):
    """FaceForensics++; the split files lie in the folder `lists` below the root, or None: none."""
    root = Path(root)
    for compression in compressions:
        reals = root / "original_sequences" / "youtube" / compression / "videos"
        for pair in (pair for group in pairs.values() for pair in group):
            for one, other in (pair, pair[::-1]):
                write(reals / f"{one}.mp4", one, 0)
                for method in methods:
                    folder = root / "manipulated_sequences" / method / compression / "videos"
                    write(folder / f"{one}_{other}.mp4", one, 1)
    if lists is not None:
        write_ff_lists(root / lists, pairs)
    return root


def write_ff_lists(folder, pairs=FF_PAIRS):
    """train.json, val.json and test.json."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, group in pairs.items():
        (folder / f"{split}.json").write_text(json.dumps([list(pair) for pair in group]))


def dfd(root, write=touch, compression="c23", actors=14, scenes=("kitchen_pan", "walking_outside")):
    """DeepFakeDetection: every actor in every scene, and swapped with the next two actors."""
    root = Path(root)
    reals = root / "original_sequences" / "actors" / compression / "videos"
    fakes = root / "manipulated_sequences" / "DeepFakeDetection" / compression / "videos"
    for target in range(1, actors + 1):
        for scene in scenes:
            real = f"{target:02d}__{scene}"
            write(reals / f"{real}.mp4", real, 0)
            for step in (1, 2):
                source = (target - 1 + step) % actors + 1
                code = f"{zlib.crc32(f'{real}{source}'.encode()):08X}"
                write(fakes / f"{target:02d}_{source:02d}__{scene}__{code}.mp4", real, 1)
    return root


def celebdf(
    root, write=touch, level="", youtube="YouTube-real", people=8, videos=2, list_name=True
):
    """Celeb-DF, v1 or v2; the files lie below a folder `level` in each of the three if given.

    The test list names both people 0 and 1 with their fakes of each other, and one of YouTube.
    """
    root, listed = Path(root), []
    for person in range(people):
        for video in range(videos):
            real = f"id{person}_{video:04d}"
            write(root / "Celeb-real" / level / f"{real}.mp4", real, 0)
            if person < 2:
                listed.append(f"1 Celeb-real/{real}.mp4")
            for step in (1, 3):
                donor = (person + step) % people
                fake = f"id{person}_id{donor}_{video:04d}"
                write(root / "Celeb-synthesis" / level / f"{fake}.mp4", real, 1)
                if person < 2 and step == 1:
                    listed.append(f"0 Celeb-synthesis/{fake}.mp4")
    for number in range(6):
        write(root / youtube / level / f"{number:05d}.mp4", f"{number:05d}", 0)
    listed.append("1 YouTube-real/00003.mp4")
    if list_name:
        (root / "List_of_testing_videos.txt").write_text("\n".join(listed) + "\n")
    return root


def dfdc(root, write=touch, parts=(0, 7, 36, 41), inside="", fakes=2):
    """DFDC's training parts, each with two real videos and their fakes; `inside` lies above."""
    root = Path(root)
    for part in parts:
        folder = root / inside / f"dfdc_train_part_{part}"
        entries = {}
        for real in (f"real{part:02d}a", f"real{part:02d}b"):
            write(folder / f"{real}.mp4", real, 0)
            entries[f"{real}.mp4"] = {"label": "REAL", "split": "train", "original": None}
            for number in range(fakes):
                name = f"{real}fake{number}.mp4"
                write(folder / name, real, 1)
                entries[name] = {"label": "FAKE", "split": "train", "original": f"{real}.mp4"}
        (folder / "metadata.json").write_text(json.dumps(entries))
    return root


def dfdc_test(root, write=touch, count=6, videos=""):
    """DFDC's test set: labels.csv and the videos beside it, or in the folder `videos`."""
    folder = Path(root) / "test"
    lines = ["filename,label"]
    for number in range(count):
        name = f"test{number:03d}"
        write(folder / videos / f"{name}.mp4", name, number % 2)
        lines.append(f"{name}.mp4,{number % 2}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    return Path(root)


def dfdc_preview(root, write=touch, people=6):
    """The preview set: dataset.json keyed by path."""
    root, entries = Path(root), {}
    for person in range(people):
        target, swapped = 1000 + person, 1000 + (person + 1) % people
        group = "test" if person < 2 else "train"
        for take in ("A_001", "B_002"):
            real = f"{target}_{take}"
            paths = {f"original_videos/{target}/{real}.mp4": 0}
            for method in ("method_A", "method_B"):
                paths[f"{method}/{target}/{swapped}/{target}_{swapped}_{take}.mp4"] = 1
            for name, label in paths.items():
                write(root / name, real, label)
                entries[name] = {"label": ("real", "fake")[label], "set": group}
                entries[name] |= {"target_id": target, "swapped_id": swapped if label else None}
    (root / "dataset.json").write_text(json.dumps(entries))
    return root


def deeperforensics(root, write=touch, variants=("end_to_end", "reenact_postprocess"), reals=True):
    """DeeperForensics-1.0, with FaceForensics++'s real videos in the same root if `reals`."""
    root = Path(root)
    actors = {"train": ("M004", "W101"), "val": ("M020",), "test": ("W133", "M111")}
    (root / "lists" / "splits").mkdir(parents=True, exist_ok=True)
    for split, pairs in FF_PAIRS.items():
        names = []
        for number, target in enumerate(target for pair in pairs for target in pair):
            names.append(f"{target}_{actors[split][number % len(actors[split])]}.mp4")
            for variant in variants:
                write(root / "manipulated_videos" / variant / names[-1], target, 1)
            if reals:
                folder = root / "original_sequences" / "youtube" / "c23" / "videos"
                write(folder / f"{target}.mp4", target, 0)
        (root / "lists" / "splits" / f"{split}.txt").write_text("\n".join(names) + "\n")
    return root


FRAMES = ("010", "002", "000", "105", "021")


def deepfakebench_frames(root, folder, video, source, label, write=write_image):
    """Frames of one video as DeepfakeBench stores and lists them: unsorted."""
    names = [f"{folder}/frames/{video}/{number}.png" for number in FRAMES]
    for name in names:
        write(Path(root) / name, source, label)
    return names


def deepfakebench(root, dataset="FaceForensics++", write=write_image, json_folder=""):
    """DeepfakeBench's preprocessed frames and the JSON of one dataset.

    Args:
        root: folder to write into.
        dataset: "FaceForensics++", "Celeb-DF-v2" (whose train holds the test videos, and whose
            val is its test) or "DeepFakeDetection" (whose three splits are the same).
        write: makes one picture.
        json_folder: where the JSON lies below the root.
    """
    root = Path(root)
    build = {
        "FaceForensics++": _bench_ff,
        "Celeb-DF-v2": _bench_celeb,
        "DeepFakeDetection": _bench_dfd,
    }[dataset]
    (root / json_folder).mkdir(parents=True, exist_ok=True)
    content = {dataset: build(root, write)}
    (root / json_folder / f"{dataset}.json").write_text(json.dumps(content))
    return root


def _bench_ff(root, write):
    top = "FaceForensics++"
    folders = {
        "FF-real": f"{top}/original_sequences/youtube/c23",
        "FF-DF": f"{top}/manipulated_sequences/Deepfakes/c23",
        "FF-NT": f"{top}/manipulated_sequences/NeuralTextures/c23",
    }
    content = {name: {split: {"c23": {}} for split in FF_PAIRS} for name in folders}
    for split, pairs in FF_PAIRS.items():
        for one, other in (order for pair in pairs for order in (pair, pair[::-1])):
            for name, folder in folders.items():
                fake = name != "FF-real"
                video = f"{one}_{other}" if fake else one
                frames = deepfakebench_frames(root, folder, video, one, fake, write)
                content[name][split]["c23"][video] = {"label": name, "frames": frames}
    return content


def _bench_celeb(root, write):
    content = {
        name: {"train": {}, "val": {}, "test": {}} for name in ("CelebDFv2_real", "CelebDFv2_fake")
    }
    for person in range(8):
        real, fake = f"id{person}_0000", f"id{person}_id{(person + 1) % 8}_0000"
        for name, folder, video, label in (
            ("CelebDFv2_real", "Celeb-real", real, 0),
            ("CelebDFv2_fake", "Celeb-synthesis", fake, 1),
        ):
            where = f"Celeb-DF-v2/{folder}"
            frames = deepfakebench_frames(root, where, video, real, label, write)
            entry = {"label": name, "frames": frames}
            content[name]["train"][video] = entry
            if person < 2:
                content[name]["val"][video] = content[name]["test"][video] = entry
    return content


def _bench_dfd(root, write):
    content = {name: {"train": {"c23": {}}} for name in ("DFD_real", "DFD_fake")}
    top = "FaceForensics++"
    for actor in range(1, 15):
        real, donor = f"{actor:02d}__kitchen", actor % 14 + 1
        fake = f"{actor:02d}_{donor:02d}__kitchen__ABCD{actor:04d}"
        for name, folder, video in (
            ("DFD_real", f"{top}/original_sequences/actors/c23", real),
            ("DFD_fake", f"{top}/manipulated_sequences/DeepFakeDetection/c23", fake),
        ):
            frames = deepfakebench_frames(root, folder, video, real, name == "DFD_fake", write)
            content[name]["train"]["c23"][video] = {"label": name, "frames": frames}
    for splits in content.values():
        splits["val"] = splits["test"] = splits["train"]
    return content


def folder(root, write=touch, kind="videos", splits=False, sources=10):
    """`real/` and `fake/`, of videos, of folders of frames or of single images.

    Args:
        root: folder to write into.
        write: makes one video, or one picture with `kind` "frames" or "images".
        kind: "videos", "frames" or "images".
        splits: whether `train/`, `val/` and `test/` lie above.
        sources: number of real videos, each with one fake.
    """
    root = Path(root)
    for number in range(sources):
        top = root / ("train", "val", "test")[max(0, number - sources + 3)] if splits else root
        source = f"clip{number:02d}"
        for label, name in ((0, source), (1, f"{source}_swapped")):
            base = top / ("real", "fake")[label]
            if kind == "videos":
                write(base / f"{name}.mp4", source, label)
            elif kind == "frames":
                for frame in (10, 9, 2):
                    write(base / name / f"{frame}.png", source, label)
            else:
                write(base / f"{name}.png", source, label)
    return root
