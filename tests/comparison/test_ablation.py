import json

import numpy as np
import pytest
from synthetic_shards import write_shards

from keras_madd.cli.main import main
from keras_madd.comparison import ablation, arms, budget
from keras_madd.comparison.step_cost import StepCost
from keras_madd.model.config import MADDConfig
from keras_madd.model.network import build_network
from keras_madd.model.presets import preset_config
from keras_madd.support.errors import UserError
from keras_madd.training import TrainSettings


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ablation") / "shards"
    return write_shards(folder, {"train": 4, "val": 2, "test": 3})


def settings(shards, output, **changes) -> TrainSettings:
    values = {"epochs": 1, "batch_size": 4, "steps_per_epoch": 2, "tensorboard": False}
    return TrainSettings(output=output, data=(shards,), preset="madd_tiny", **{**values, **changes})


def test_arms_switch_off_what_they_say():
    def config(arm):
        return MADDConfig.from_dict({**preset_config("madd_tiny"), **ablation.ARMS[arm]})

    assert not config("backbone").uses_regions
    for arm in ("attention", "texture"):
        assert not config(arm).trains_region_independence
        assert not config(arm).trains_on_augmented
    assert [config(arm).texture_enhancement for arm in ("attention", "texture")] == [False, True]
    assert config("ril").trains_region_independence
    assert not config("ril").trains_on_augmented
    assert config("agda").trains_on_augmented
    assert not config("agda").trains_region_independence
    assert config("full") == MADDConfig.from_dict(preset_config("madd_tiny"))
    assert [config(f"m{count}").num_attentions for count in (1, 2, 8)] == [1, 2, 8]


def test_without_texture_enhancement_the_shallow_features_are_pooled():
    config = MADDConfig.from_dict(preset_config("madd_tiny"))
    network, _ = build_network(config.replace(texture_enhancement=False))
    assert not any(layer.name == "texture" for layer in network.layers)
    shallow = network.get_layer("local_pooling").input[0]
    assert network.output["local_features"].shape[-1] == shallow.shape[-1]


@pytest.mark.slow
def test_two_arms_and_the_table(shards, tmp_path, monkeypatch):
    lines = []
    chosen = settings(shards, tmp_path / "out")
    content = ablation.ablate(chosen, (0,), ("backbone", "full"), echo=lines.append)
    assert len(lines) == 2
    assert json.loads((tmp_path / "out/ablation.json").read_text()) == json.loads(
        json.dumps(content)
    )
    table = content["arms"]
    assert table["backbone"]["attention_overlap"] is None
    # One map, of its class activation.
    assert table["backbone"]["attention_deletion"]["mean"] > 0
    assert 0 < table["full"]["attention_overlap"]["mean"] <= 1
    assert table["full"]["attention_deletion"]["mean"] > 0
    assert [row["steps"] for row in table.values()] == [2, 2]
    aucs = [row["tests"]["synthetic"]["video_auc"]["mean"] for row in table.values()]
    (pair,) = content["pairs"]
    assert pair["models"] == ["backbone", "full"]
    assert pair["difference"] == pytest.approx(aucs[0] - aucs[1])
    assert "| backbone alone | 2 |" in (tmp_path / "out/ablation.md").read_text()

    def no_training(*_, **__):
        raise AssertionError("a finished run was trained again")

    monkeypatch.setattr(arms, "train", no_training)
    assert ablation.ablate(chosen, (0,), ("backbone", "full"), echo=lines.append) == content
    # Other settings are no reason to reuse a result.
    with pytest.raises(AssertionError, match="trained again"):
        ablation.ablate(settings(shards, tmp_path / "out", epochs=2), (0,), ("full",))


def test_unknown_arms_and_no_seeds(shards, tmp_path):
    with pytest.raises(UserError, match=r"no arm 'm3'\. There are: backbone, attention"):
        ablation.ablate(settings(shards, tmp_path), (0,), ("m3",))
    with pytest.raises(UserError, match="one seed or more"):
        ablation.ablate(settings(shards, tmp_path), ())


def test_mean_and_spread_over_the_seeds():
    results = [
        arms.ArmRun(None, {"video_auc": value, "attention_overlap": None})
        for value in (0.5, 0.6, 0.9)
    ]
    row = ablation._summary(results)
    assert row["video_auc"]["mean"] == pytest.approx(2 / 3)
    assert row["video_auc"]["std"] == pytest.approx(np.std([0.5, 0.6, 0.9], ddof=1))
    assert row["attention_overlap"] is None
    assert ablation._summary(results[:1])["video_auc"]["std"] is None


def test_a_budget_gives_a_dearer_arm_fewer_steps(shards, tmp_path, monkeypatch):
    costs = {0: 0.5, 4: 1.0}
    monkeypatch.setattr(
        budget,
        "step_cost",
        lambda arm: StepCost(costs[arm.fields.get("num_attentions", 4)], "processor", None, 1),
    )
    trained = []

    def no_training(_, chosen, *_others, **_options):
        trained.append({name: each.steps_per_epoch for name, each in chosen.items()})
        raise KeyboardInterrupt

    monkeypatch.setattr(ablation, "train_arms", no_training)
    chosen = settings(shards, tmp_path / "out", epochs=2, steps_per_epoch=None)
    with pytest.raises(KeyboardInterrupt):
        ablation.ablate(chosen, (0,), ("backbone", "full"), budget=8)
    assert trained == [{"backbone": 8, "full": 4}]


def test_a_budget_below_one_step_an_epoch_is_told():
    arms = {"full": TrainSettings("out", epochs=4)}
    costs = {"full": StepCost(0.6, "processor", None, 1)}
    for seconds, message in (
        (1.3, "one step of full an epoch, which costs 0.6: use --budget 3, or 2 epochs or fewer."),
        (0.5, "one step of full an epoch, which costs 0.6: use --budget 3."),
    ):
        with pytest.raises(UserError, match=message):
            budget.within_budget(arms, costs, seconds)
    assert budget.within_budget(arms, costs, 3)["full"].steps_per_epoch == 1


@pytest.mark.parametrize(
    ("option", "budget"),
    [("--stage1-epochs", ["--budget", "9"]), ("--patience", ["--budget", "9"]), ("--patience", [])],
)
def test_all_arms_cost_alike(shards, tmp_path, option, budget, capsys):
    out = tmp_path / "out"
    command = ["ablate", "--output", str(out), "--data", str(shards), *budget, option, "2"]
    assert main(command) == 2
    assert f"leave {option} out" in capsys.readouterr().err
    assert not out.exists()


def test_the_text_of_a_table():
    one = {"mean": 0.5, "std": None, "values": [0.5]}
    auc = {**one, "interval": (0.4, 0.6)}
    row = {"video_auc": one, "attention_overlap": None, "attention_deletion": one}
    row |= {"steps": 1200, "tests": {"made": {"video_auc": auc}}}
    pair = {"dataset": "made", "models": ["full", "agda"], "difference": -0.1}
    pair |= {"interval": (-0.2, -0.05), "holm_p": 0.001}
    content = {"seeds": [0], "arms": {"full": row, "agda": row}, "pairs": [pair]}
    text = ablation.as_text(content)
    assert "| full: + RIL and AGDA | 1,200 | 0.500 (0.400 to 0.600) |  | 0.500 |" in text
    assert "made, full: + RIL and AGDA, less + texture and AGDA: -0.100 (-0.200 to -0.050)" in text
    text = ablation.as_text({**content, "pairs": [{**pair, "holm_p": 0.2}]})
    assert "No two of them differ beyond chance" in text
