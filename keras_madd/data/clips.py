"""Clips: some crops of one face of one video, in the order of time."""

from dataclasses import replace

import numpy as np

from keras_madd.data.shard_index import ShardIndex
from keras_madd.support.errors import UserError


def cut_clips(count: int, clip_frames: int) -> np.ndarray:
    """Cut the crops of a face, in the order of time, into clips.

    A clip has neighbours among the crops: what flickers does so from one frame to the next. There
    are as few clips as hold every crop, their first ones evenly spaced, so that clips overlap
    where the crops are no multiple. A face with fewer crops gives one clip, which stands still
    at the last crop: a video with few frames is scored too.

    Args:
        count: Crops of the face, 1 or more.
        clip_frames: T, crops of a clip.

    Returns:
        int64 `(N, T)`, numbers of crops.
    """
    number = -(-count // clip_frames)
    first = np.rint(np.linspace(0, max(count - clip_frames, 0), number)).astype(np.int64)
    return np.minimum(first[:, None] + np.arange(clip_frames), count - 1)


def clip_index(index: ShardIndex, clip_frames: int) -> ShardIndex:
    """Return the clips of an index of crops, in the order of their first crops.

    The clips of one source that are the k-th of their tracks are a group: real and fake go by
    together.

    Args:
        index: Of crops.
        clip_frames: T, crops of a clip.

    Raises:
        ValueError: `clip_frames` is below 1.
        UserError: No face has as many crops.
    """
    if clip_frames < 1:
        raise ValueError(f"`clip_frames` must be 1 or more. Received: clip_frames={clip_frames}")
    key = np.column_stack([index.file, index.video, index.track])
    order = np.lexsort((index.frame, *key.T[::-1]))
    changes = np.flatnonzero((np.diff(key[order], axis=0) != 0).any(axis=1)) + 1
    tracks = np.split(order, changes)
    longest = max(map(len, tracks))
    if longest < clip_frames:
        raise UserError(
            f"No face has crops of {clip_frames} frames; most has one with {longest}. Prepare the "
            f"data with --frames-per-video {clip_frames} or more. "
            f"Received: clip_frames={clip_frames}"
        )
    places = [cut_clips(len(track), clip_frames) for track in tracks]
    clips = np.concatenate([track[place] for track, place in zip(tracks, places, strict=True)])
    turns = np.concatenate([np.arange(len(place)) for place in places])
    ordered = np.argsort(clips[:, 0], kind="stable")
    clips, turns = clips[ordered], turns[ordered]
    first = clips[:, 0]
    _, group = np.unique(np.column_stack([index.source[first], turns]), axis=0, return_inverse=True)
    return replace(
        index,
        file=index.file[first],
        offset=index.offset[clips],
        label=index.label[first],
        source=index.source[first],
        group=group.reshape(-1),
        video=index.video[first],
        frame=index.frame[first],
        track=index.track[first],
        has_landmarks=index.has_landmarks[clips].all(axis=1),
    )
