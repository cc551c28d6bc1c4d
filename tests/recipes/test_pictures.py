"""The scripts that draw the documentation's pictures."""

import contact_sheet
import cv2
import pytest
import scored_portrait
from exported_model import exported

from keras_madd.inference import Detector


@pytest.mark.parametrize("script", [scored_portrait, contact_sheet])
def test_a_picture_is_written_or_the_script_fails(script, tmp_path, capsys, monkeypatch):
    model = exported(tmp_path)
    monkeypatch.setattr(scored_portrait, "Detector", lambda: Detector(model))
    assert script.main([str(tmp_path / "picture.jpg")]) == 0
    assert cv2.imread(str(tmp_path / "picture.jpg")).shape[1] > 500
    assert script.main([str(tmp_path / "missing" / "picture.jpg")]) == 2
    assert "error: " in capsys.readouterr().err
    for mistake in ([], ["--help"]):
        with pytest.raises(SystemExit):
            script.main(mistake)
    assert "usage:" in capsys.readouterr().out
