import base64
import os
import re
from html.parser import HTMLParser

import numpy as np
import pytest

import keras_madd.evaluation
from keras_madd.evaluation import evaluate_scores
from keras_madd.evaluation.deprecated_report import Report, write_report
from keras_madd.visualize.page import DEMONSTRATION_BANNER


def scored(method: str, seed: int) -> tuple[dict, tuple]:
    rng = np.random.default_rng(seed)
    labels = np.arange(40) % 2
    scores = np.clip(rng.normal(0.3 + 0.4 * labels, 0.2), 0, 1)
    methods = np.where(labels, method, "")
    result = evaluate_scores(labels, scores, np.arange(40).astype(str), methods)
    return result, (labels, scores)


def full_report() -> Report:
    (seen, seen_scores), (unseen, unseen_scores) = scored("blend", 0), scored("<swap>", 1)
    return Report(
        title="A & B",
        results={"seen": seen, "unseen": unseen},
        scores={"seen": seen_scores, "unseen": unseen_scores},
        banner=DEMONSTRATION_BANNER,
        seconds={"training": 1.5, "export": 0.5},
        command="keras-madd quickstart --output x",
        seed=3,
        versions={"keras": "3.15.1"},
    )


class Balance(HTMLParser):
    """Checks that every element is closed where it should be, and collects the addresses."""

    void = ("meta", "link", "img", "source")

    def __init__(self):
        super().__init__()
        self.open, self.addresses = [], []

    def handle_starttag(self, tag, attrs):
        self.addresses += [value for name, value in attrs if name in ("src", "srcset", "href")]
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_report_is_whole_and_self_contained(tmp_path):
    path = write_report(tmp_path / "report.html", full_report())
    text = path.read_text()
    checker = Balance()
    checker.feed(text)
    assert checker.open == []
    assert len(checker.addresses) > 5
    assert all(address.startswith("data:") for address in checker.addresses)
    assert not re.search(r"https?://|@import|url\(|<script", text)
    for address in checker.addresses[1:]:
        kind, content = address.split(";base64,")
        starts = {"data:image/png": b"\x89PNG", "data:image/jpeg": b"\xff\xd8"}
        assert base64.b64decode(content).startswith(starts[kind])
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_report_says_what_it_was_given(tmp_path):
    report = full_report()
    text = write_report(tmp_path / "report.html", report).read_text()
    for part in (
        "A &amp; B",
        DEMONSTRATION_BANNER,
        "&lt;swap&gt;",
        f"{report.results['seen']['frames']['auc']:.3f}",
        f"{report.results['unseen']['frames']['auc']:.3f}",
        "keras-madd quickstart --output x",
        "keras 3.15.1",
        "2.0</td>",
        # Whatever threshold was fitted.
        "The dotted line is 0.5.",
    ):
        assert part in text, part
    assert "<swap>" not in text


def test_tables_are_narrow_enough_for_a_phone(tmp_path):
    text = write_report(tmp_path / "report.html", full_report()).read_text()
    heads = [re.findall(r"<th scope=.col.>(.*?)</th>", head) for head in text.split("<thead>")[1:]]
    # One table of metrics for each test set, not one that grows to the right.
    for name in ("seen", "unseen"):
        assert [name, "by frame", "by video"] in heads
    assert max(map(len, heads)) <= 6


def test_too_few_videos_are_told_about(tmp_path):
    labels, scores = np.array([1, 1, 0]), np.array([0.9, 0.8, 0.1])
    result = evaluate_scores(labels, scores, ["a", "b", "c"])
    report = Report(title="Small", results={"test": result}, scores={"test": (labels, scores)})
    text = write_report(tmp_path / "report.html", report).read_text()
    assert "test has 1 real and 2 fake videos" in text
    assert "1.000 to 1.000" not in text


def test_names_that_are_no_utf_8(tmp_path):
    result, scores = scored("blend", 0)
    command = f"keras-madd evaluate {os.fsdecode(bytes([255]))}.csv"
    report = Report(title="x", results={"a": result}, scores={"a": scores}, command=command)
    assert "\\udcff.csv" in write_report(tmp_path / "report.html", report).read_text()


def test_the_old_names_warn():
    for name in ("Report", "write_report"):
        with pytest.warns(DeprecationWarning, match=f"{name} goes with version 0.3; use "):
            assert callable(getattr(keras_madd.evaluation, name))


def test_a_failed_report_leaves_the_old_one(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")
    result, scores = scored("blend", 0)
    with pytest.raises(ValueError, match="`results` and `scores`"):
        write_report(path, Report(title="x", results={"a": result}, scores={"b": scores}))
    with pytest.raises(ValueError, match="`results` and `scores`"):
        write_report(path, Report(title="x", results={}, scores={}))
    assert path.read_text() == "old"
