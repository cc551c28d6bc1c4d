import csv

import keras
from people_photos import write_photos

from keras_madd.training import TrainSettings, train


def test_a_run_that_learns_where_fakes_were_blended(tmp_path):
    photos, table = write_photos(tmp_path / "photos")
    settings = TrainSettings(
        output=tmp_path / "run",
        faces=photos,
        people=table,
        preset="madd_tiny",
        fields={
            "input_size": 48,
            "augmented_classification_weight": 0.0,
            "blend_mask_weight": 1.0,
        },
        sampling="paired",
        augment="video",
        epochs=2,
        steps_per_epoch=2,
        batch_size=4,
        tensorboard=False,
    )
    result = train(settings, echo=lambda line: None)
    with (result.folder / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2
    assert all(float(row["blend_mask_loss"]) > 0 for row in rows)
    model = keras.saving.load_model(result.best_model)
    assert model.network.output["blend_map_middle"].shape == (None, 3, 3, 1)
    # Who goes on without self-blended fakes has no masks, and needs none.
    assert model.config.blend_mask_weight == 1
