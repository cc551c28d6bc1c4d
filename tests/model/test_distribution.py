"""Training on several replicas: one step of `fit` is the step of one device."""

from pathlib import Path

import pytest
from backends import run_script, tensorflow_only

SCRIPT = """
import json, sys
sys.path.insert(0, {folder!r})
import replicas

if __name__ == "__main__":
    rows = [
        row
        for cases, batch_norm in {cases!r}
        for row in replicas.compare({count}, cases, batch_norm)
    ]
    print(json.dumps(rows))
"""
# `python benchmarks/replicas.py` makes every case with both kinds of batch normalisation.
FOUR = [(("paper, sum",), ("synchronized",))]
TWO = [
    (("official", "deepfakebench"), ("synchronized",)),
    (("paper, mean", "paper, dropout"), ("frozen",)),
]
# Synchronised statistics are E(x^2) - E(x)^2 in float32, whose gradient loses some digits.
TOLERANCE = {"loss": 2e-6, "norm": 3e-5, "gradient": 1e-3, "centres": 1e-6, "averages": 1e-6}


def check(backend, count, cases):
    folder = str(Path(__file__).parents[2] / "benchmarks")
    rows = run_script(SCRIPT.format(folder=folder, cases=cases, count=count), backend)
    assert len(rows) == sum(len(names) * len(norms) for names, norms in cases)
    for row in rows:
        for name, most in TOLERANCE.items():
            assert row[name] <= most, row
        if row["batch_norm"] == "frozen":
            assert row["gradient"] < 1e-5, row


@pytest.mark.slow
@tensorflow_only
@pytest.mark.parametrize(("count", "cases"), [(4, FOUR), (2, TWO)])
def test_mirrored_strategy_makes_the_step_of_one_device(count, cases):
    check("tensorflow", count, cases)


@pytest.mark.slow
@tensorflow_only
def test_data_parallel_on_jax_makes_the_step_of_one_device():
    check("jax", 4, [(("detached prefix",), ("synchronized",))])
