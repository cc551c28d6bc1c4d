import dataclasses
import io

import cv2
import dataset_trees
import numpy as np
import pytest
from edge_videos import write_near_and_far
from PIL import Image

from keras_madd.datasets.prepare.video_crops import VideoCropper, encode_image
from keras_madd.datasets.prepare.video_result import RealBoxes, VideoFailure
from keras_madd.faces import FaceDetector, FaceLandmarker, crop_face
from keras_madd.media import VideoReader, VideoWriter


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return dataset_trees.write_face_video(tmp_path_factory.mktemp("film") / "a.mp4", seed=3)


@pytest.fixture
def cropper(small):
    """Builds a cropper with some settings."""
    made = []

    def build(**changes):
        made.append(VideoCropper(small(**changes)))
        return made[-1]

    yield build
    for each in made:
        each.__exit__()


def pixels(record):
    return np.asarray(Image.open(io.BytesIO(record.image)))


def by_hand(path, numbers):
    """Frame number -> picture and box, read and detected here."""
    with VideoReader(path) as video, FaceDetector() as detector:
        frames = {frame.index: frame.image for frame in video}
        return {n: (frames[n], detector.detect(frames[n])[0].box) for n in numbers}


@pytest.mark.parametrize("split", ["val", "test", "train"])
def test_pictures_are_those_of_crop_face(film, cropper, source_video, split):
    crops = cropper(image_format="png").crop(source_video(film, split=split))
    assert [(r.position, r.frame, r.track) for r in crops.records] == [
        (0, 2, 0),
        (1, 6, 0),
        (2, 10, 0),
    ]
    train = split == "train"
    size, margin = (55, 1.3 * 1.15) if train else (48, 1.3)
    for record, (image, box) in zip(crops.records, by_hand(film, (2, 6, 10)).values(), strict=True):
        assert record.box == box
        assert record.margin == pytest.approx(margin)
        np.testing.assert_array_equal(pixels(record), crop_face(image, box, size, margin))


def test_the_middle_of_a_train_picture_is_the_picture_of_test(film, cropper, source_video):
    pair = cropper(size=200, image_format="png")
    wide, narrow = (
        pixels(pair.crop(source_video(film, split=split)).records[0]).astype(float)
        for split in ("train", "test")
    )
    assert wide.shape[0] == 230
    middle = wide[15:215, 15:215]
    shifted = wide[10:210, 15:215]
    error = np.abs(middle - narrow).mean()
    # Sides are whole pixels of the frame, so the two differ by a fraction of one.
    assert error < 0.3 * np.abs(shifted - narrow).mean()


def test_jpeg_is_of_quality_95(film, cropper, source_video):
    (record, *_) = cropper(frames_per_video=1, size=200).crop(source_video(film)).records
    (exact, *_) = (
        cropper(frames_per_video=1, size=200, image_format="png").crop(source_video(film)).records
    )
    buffer = io.BytesIO()
    Image.fromarray(pixels(exact)).save(buffer, "jpeg", quality=95)
    tables = Image.open(io.BytesIO(record.image)).quantization
    assert tables == Image.open(io.BytesIO(buffer.getvalue())).quantization
    difference = pixels(record).astype(int) - pixels(exact)
    assert np.abs(difference).mean() < 2


def test_what_the_records_and_the_manifest_say(film, cropper, source_video):
    video = source_video(
        film, label=1, method="Deepfakes", source="071", identity="id3", dataset="faceforensics"
    )
    crops = cropper().crop(video)
    for field in ("label", "method", "source", "identity", "split", "dataset"):
        assert {getattr(record, field) for record in crops.records} == {getattr(video, field)}
    assert {record.video for record in crops.records} == {"a"}
    assert crops.facts == {
        "crops": 3,
        "frames_read": 3,
        "frames_with_face": 3,
        "tracks": 1,
        "boxes": "own",
        "face_detector": "short",
        "trouble": None,
    }
    assert crops.seconds["decode"] > 0
    assert crops.seconds["detect"] > 0


def test_one_face_model_finds_all_faces_of_a_video(tmp_path, cropper, source_video):
    # The second sampled frame has a face that the short-range model misses.
    path = write_near_and_far(tmp_path / "a.mp4", "nfn")
    crops = cropper(tracks="all").crop(source_video(path))
    with VideoReader(path) as video, FaceDetector("full") as full, FaceDetector("short") as short:
        frames = [frame.image for frame in video]
        assert [record.box for record in crops.records] == [
            full.detect(image)[0].box for image in frames
        ]
        assert crops.records[0].box != short.detect(frames[0])[0].box
    assert crops.facts["face_detector"] == "full"
    assert crops.facts["frames_with_face"] == 3


class TestRealBoxes:
    def test_a_fake_has_the_positions_of_its_real_frames(
        self, film, tmp_path, cropper, source_video
    ):
        fake = dataset_trees.write_face_video(tmp_path / "f.mp4", seed=3, fake=True)
        cutter = cropper()
        boxes = cutter.crop(source_video(film)).boxes
        first = min(boxes.frames)
        # As where no face was found in the real video's first sampled frame.
        gap = RealBoxes(
            {number: boxes.frames[number] for number in boxes.frames if number != first},
            {number: place for number, place in boxes.positions.items() if number != first},
            boxes.image_size,
        )
        records = cutter.crop(source_video(fake, label=1), gap).records
        assert [record.position for record in records] == [1, 2]
        assert [record.frame for record in records] == sorted(gap.frames)

    def test_a_fake_is_cut_like_its_real_video(self, film, tmp_path, cropper, source_video):
        fake = dataset_trees.write_face_video(tmp_path / "f.mp4", seed=3, fake=True)
        cutter = cropper(image_format="png")
        real = cutter.crop(source_video(film))
        crops = cutter.crop(source_video(fake, label=1), real.boxes)
        assert [r.box for r in crops.records] == [r.box for r in real.records]
        assert [r.frame for r in crops.records] == [r.frame for r in real.records]
        assert crops.facts["boxes"] == "real"
        assert crops.seconds["detect"] == 0
        with VideoReader(fake) as video:
            frames = [frame.image for frame in video]
        for record in crops.records:
            expected = crop_face(frames[record.frame], record.box, 48, 1.3)
            np.testing.assert_array_equal(pixels(record), expected)

    def test_a_shorter_fake_gives_what_it_has(self, film, tmp_path, cropper, source_video):
        fake = dataset_trees.write_face_video(tmp_path / "f.mp4", seed=3, fake=True, frames=8)
        cutter = cropper()
        real = cutter.crop(source_video(film))
        crops = cutter.crop(source_video(fake, label=1), real.boxes)
        assert [r.frame for r in crops.records] == [2, 6]

    def test_a_fake_without_a_frame_of_its_real_face_is_searched_itself(
        self, film, tmp_path, cropper, source_video
    ):
        fake = dataset_trees.write_face_video(tmp_path / "f.mp4", seed=3, fake=True, frames=8)
        cutter = cropper()
        late = dataclasses.replace(
            cutter.crop(source_video(film)).boxes, frames={10: {0: (0, 0, 9, 9)}}
        )
        crops = cutter.crop(source_video(fake, label=1), late)
        assert crops.facts["boxes"] == "own"
        assert [r.frame for r in crops.records] == [1, 4, 6]

    def test_boxes_of_another_size_are_not_taken(self, film, tmp_path, cropper, source_video):
        fake = dataset_trees.write_face_video(tmp_path / "f.mp4", seed=3, size=(240, 320))
        cutter = cropper()
        real = cutter.crop(source_video(film))
        crops = cutter.crop(source_video(fake, label=1), real.boxes)
        assert crops.facts["boxes"] == "own"
        assert [r.box for r in crops.records] == [
            r.box for r in cutter.crop(source_video(fake, label=1)).records
        ]


class TestTracks:
    @pytest.fixture
    def two_people(self, tmp_path_factory):
        """A small person on the left, a large one on the right who comes late."""
        path = tmp_path_factory.mktemp("two") / "two.mp4"
        left = dataset_trees.face_frames(1, (160, 160))
        right = dataset_trees.face_frames(2, (320, 320))
        with VideoWriter(path, 640, 320, 25.0) as writer:
            for number, (small, large) in enumerate(zip(left, right, strict=True)):
                image = np.full((320, 640, 3), 110, np.uint8)
                image[80:240, :160] = small
                if number >= 4:
                    image[:, 320:] = large
                writer.write(image)
        return path

    def test_the_largest_track_alone(self, two_people, cropper, source_video):
        crops = cropper(frames_per_video=6).crop(source_video(two_people))
        assert [r.position for r in crops.records] == [2, 3, 4, 5]
        assert {r.track for r in crops.records} == {1}
        assert all(r.box[0] > 320 for r in crops.records)
        assert crops.facts["tracks"] == 2
        assert crops.facts["frames_with_face"] == 6

    def test_all_tracks(self, two_people, cropper, source_video):
        crops = cropper(frames_per_video=6, tracks="all").crop(source_video(two_people))
        seen = [(r.position, r.track) for r in crops.records]
        assert seen == [(0, 0), (1, 0)] + [(p, t) for p in (2, 3, 4, 5) for t in (0, 1)]
        assert all((r.box[0] > 320) == (r.track == 1) for r in crops.records)

    def test_a_face_that_moves_between_samples_is_one(self, tmp_path, cropper, source_video):
        person = dataset_trees.face_frames(1, (200, 200))
        with VideoWriter(tmp_path / "walk.mp4", 480, 200, 25.0) as writer:
            for number, picture in enumerate(person):
                image = np.full((200, 480, 3), 110, np.uint8)
                image[:, 20 * number : 20 * number + 200] = picture
                writer.write(image)
        crops = cropper(frames_per_video=4).crop(source_video(tmp_path / "walk.mp4"))
        # 60 pixels from one to the next, of a face of about 90: an overlap below the usual 0.3.
        assert [r.track for r in crops.records] == [0, 0, 0, 0]
        assert crops.records[3].box[0] - crops.records[0].box[0] > 150


class TestOddVideos:
    @pytest.mark.parametrize("rotation", [0, 90, 180, 270])
    def test_rotated(self, tmp_path, cropper, source_video, rotation):
        path = dataset_trees.write_face_video(tmp_path / "r.mp4", seed=3, rotation=rotation)
        upright = dataset_trees.write_face_video(tmp_path / "u.mp4", seed=3)
        mine, plain = (cropper().crop(source_video(each)).records for each in (path, upright))
        for one, other in zip(mine, plain, strict=True):
            np.testing.assert_allclose(one.box, other.box, atol=6)

    def test_cut_off(self, tmp_path, cropper, source_video):
        path = dataset_trees.write_face_video(tmp_path / "c.mp4", seed=3, frames=40, cut=0.6)
        crops = cropper().crop(source_video(path))
        assert len(crops.records) == 3
        assert 10 < crops.records[2].frame < 24
        assert crops.facts["trouble"]
        assert str(tmp_path) not in crops.facts["trouble"]

    def test_a_tiny_face(self, tmp_path, cropper, source_video):
        path = dataset_trees.write_face_video(tmp_path / "t.mp4", 1, **dataset_trees.TINY_FACE)
        crops = cropper().crop(source_video(path))
        assert len(crops.records) == 3
        assert all(r.box[2] < 80 for r in crops.records)

    def test_failures_have_a_reason(self, tmp_path, cropper, source_video):
        dataset_trees.write_face_video(tmp_path / "nobody.mp4", face=False)
        (tmp_path / "empty.mp4").write_bytes(b"")
        (tmp_path / "text.mp4").write_text("text " * 100)
        (tmp_path / "pictures").mkdir()
        reasons = {}
        for name in ("nobody.mp4", "empty.mp4", "text.mp4", "pictures", "gone.mp4"):
            with pytest.raises(VideoFailure) as failure:
                cropper().crop(source_video(tmp_path / name))
            reasons[name] = failure.value.reason
            assert str(tmp_path) not in failure.value.detail
        assert reasons == {
            "nobody.mp4": "faceless",
            "empty.mp4": "empty",
            "text.mp4": "unreadable",
            "pictures": "unreadable",
            "gone.mp4": "missing",
        }


class TestPictures:
    def test_frames_that_are_pictures(self, tmp_path, cropper, source_video):
        for number in (10, 9, 2):
            dataset_trees.write_image(tmp_path / f"{number}.png", "x", 0, size=(240, 240))
        crops = cropper().crop(source_video(tmp_path))
        assert [(r.position, r.frame) for r in crops.records] == [(0, 2), (1, 9), (2, 10)]
        assert crops.facts["boxes"] == "own"

    def test_crops_as_they_come_are_only_resized(self, tmp_path, cropper, source_video):
        rng = np.random.default_rng(0)
        picture = rng.integers(0, 256, (96, 96, 3), np.uint8)
        cv2.imwrite(str(tmp_path / "7.png"), picture[..., ::-1])
        video = source_video(
            tmp_path, frames=(tmp_path / "7.png",), pre_cropped=True, split="train"
        )
        crops = cropper(image_format="png").crop(video)
        (record,) = crops.records
        assert (record.frame, record.box) == (7, (0, 0, 96, 96))
        # No face is there and none is looked for; by 2, bilinear is the mean of four.
        halved = picture.reshape(48, 2, 48, 2, 3).mean((1, 3))
        np.testing.assert_array_equal(pixels(record), np.floor(halved + 0.5))
        assert crops.facts["boxes"] == "none: already cropped"


class TestLandmarks:
    def test_points_are_those_of_the_frame(self, film, cropper, source_video):
        settings = {"landmarks": True, "frames_per_video": 1, "image_format": "png", "size": 96}
        (record,) = cropper(**settings).crop(source_video(film, split="train")).records
        assert record.landmarks.shape == (468, 2)
        _, box = by_hand(film, [record.frame])[record.frame]
        # The same mesh found in the stored picture itself.
        size = round(96 * 1.15)
        scale = size / round(1.3 * 1.15 * max(box[2:]))
        side = max(box[2:]) * scale
        inner = ((size - side) / 2, (size - side) / 2, side, side)
        again = FaceLandmarker().find(pixels(record), inner)
        assert again.score > 0.5
        assert np.abs(again.points - record.landmarks).mean() < 2

    def test_of_real_faces_and_on_request_only(self, film, cropper, source_video):
        cases = [(cropper(), 0), (cropper(landmarks=True), 1)]
        for cutter, label in cases:
            for record in cutter.crop(source_video(film, label=label)).records:
                assert record.landmarks.shape == (0, 2)

    def test_of_pictures_that_came_as_crops(self, film, tmp_path, cropper, source_video):
        image, box = by_hand(film, [2])[2]
        crop = crop_face(image, box, 96, 1.3)
        cv2.imwrite(str(tmp_path / "2.png"), crop[..., ::-1])
        video = source_video(tmp_path, frames=(tmp_path / "2.png",), pre_cropped=True)
        (record,) = cropper(landmarks=True, size=96).crop(video).records
        found = FaceLandmarker().find(image, box).points
        side = round(1.3 * max(box[2:]))
        left = box[0] + (box[2] - side) // 2, box[1] + (box[3] - side) // 2
        expected = (found - left + 0.5) * (96 / side) - 0.5
        assert np.abs(record.landmarks - expected).mean() < 2


def test_encode_image():
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[..., 0] = 200
    with Image.open(io.BytesIO(encode_image(picture, "png"))) as image:
        assert image.format == "PNG"
        np.testing.assert_array_equal(np.asarray(image), picture)
    with Image.open(io.BytesIO(encode_image(picture, "jpeg"))) as image:
        assert image.format == "JPEG"


def test_settings_are_checked(small):
    for name, value in {
        "image_format": "gif",
        "tracks": "some",
        "detector": "long",
        "frames_per_video": 0,
        "size": 8,
        "videos_per_shard": 0,
        "limit": -1,
        "margin": float("nan"),
        "context": 0.9,
    }.items():
        with pytest.raises(ValueError, match=f"`{name}` must be .*Received: {name}="):
            small(**{name: value})


def test_settings_come_back_from_json(small):
    settings = small(methods=("a", "b"), splits=("val",))
    assert type(settings).from_json(dataclasses.asdict(settings)) == settings
