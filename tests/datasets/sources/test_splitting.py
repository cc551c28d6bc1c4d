"""Dealing out: every promise on random names, and the union-find against flood fill."""

import random

import pytest

from keras_madd.datasets.sources.source_video import SPLITS, SourceVideo
from keras_madd.datasets.sources.splitting import (
    SHARES,
    Groups,
    deal,
    deal_evenly,
    deal_people,
    keep_sources_together,
)


@pytest.mark.parametrize("seed", range(8))
def test_groups_are_connected_components(seed):
    rng = random.Random(seed)
    names = [f"n{i}" for i in range(30)]
    edges = [(rng.choice(names), rng.choice(names)) for _ in range(rng.randrange(40))]
    groups = Groups()
    for edge in edges:
        groups.join(*edge)
    for name in names:
        reached, stack = set(), [name]
        while stack:
            here = stack.pop()
            if here not in reached:
                reached.add(here)
                stack += [b for a, b in edges if a == here] + [a for a, b in edges if b == here]
        assert groups.group(name) == min(reached)


class TestDeal:
    @pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 10, 100, 1000])
    @pytest.mark.parametrize("splits", [SPLITS, ("train", "val")])
    def test_shares(self, count, splits):
        names = [f"video{i}" for i in range(count)]
        dealt = deal(names, splits)
        assert set(dealt) == set(names)
        sizes = {split: list(dealt.values()).count(split) for split in splits}
        if count:
            assert sizes["train"] >= 1
        if count >= len(splits):
            assert min(sizes.values()) >= 1
        if count >= 100:
            total = sum(SHARES[split] for split in splits)
            for split in splits:
                assert abs(sizes[split] - count * SHARES[split] / total) <= 1

    def test_depends_on_nothing_but_names(self):
        names = [f"video{i}" for i in range(50)]
        assert deal(names) == deal(reversed(names)) == deal(names + names)
        assert deal(names) != deal(names, salt="other")

    def test_known_values_do_not_change(self):
        # A split that changed between versions would leak. From SHA-256 by hand:
        # sorted by digest of "/a" ... "/e".
        import hashlib

        order = sorted("abcdefgh", key=lambda n: hashlib.sha256(f"/{n}".encode()).digest())
        dealt = deal("abcdefgh")
        assert [n for n in order if dealt[n] == "val"] == order[:1]
        assert [n for n in order if dealt[n] == "test"] == order[1:2]


def test_deal_evenly_gives_every_split_some_of_each_kind():
    kinds = {f"video{i}": {0} if i < 90 else {0, 1} for i in range(100)}
    dealt = deal_evenly(kinds)
    for kind in ({0}, {0, 1}):
        assert {dealt[name] for name in kinds if kinds[name] == kind} == set(SPLITS)
    assert deal_evenly(dict.fromkeys("abc", 1)) == deal("abc")


class TestDealPeople:
    def test_every_split_has_fakes_where_possible(self):
        people = [(f"{i}", f"{(i + 1) % 14}") for i in range(14)] + [(f"{i}",) for i in range(14)]
        splits = deal_people(people)
        kept = {splits[p[0]] for p in people if len(p) == 2 and len({splits[q] for q in p}) == 1}
        assert kept == set(SPLITS)

    def test_components_stay_whole(self):
        # Seven islands of two: nothing need be lost.
        people = [(f"{i}", f"{i + 1}") for i in range(0, 14, 2)]
        splits = deal_people(people)
        assert all(splits[a] == splits[b] for a, b in people)

    def test_known_people_keep_their_split(self):
        known = {"a": "test", "b": "val"}
        splits = deal_people([("a", "x"), ("b",), ("c",)], known)
        assert splits["a"] == "test"
        assert splits["b"] == "val"
        assert set(splits) == {"a", "b", "c", "x"}


@pytest.mark.parametrize("seed", range(5))
def test_sources_are_kept_together(seed):
    rng = random.Random(seed)
    videos = [
        SourceVideo(
            f"v{i}", None, i % 2, "m", f"s{rng.randrange(8)}", "", rng.choice(SPLITS), "data"
        )
        for i in range(40)
    ]
    kept, left_out = keep_sources_together(videos)
    assert sorted(v.name for v in kept + left_out) == sorted(v.name for v in videos)
    for source in {video.source for video in videos}:
        before = {video.split for video in videos if video.source == source}
        after = {video.split for video in kept if video.source == source}
        assert after == {"test" if "test" in before else "val" if "val" in before else "train"}
    for video in left_out:
        assert any(v.source == video.source and v.split != video.split for v in kept)
