"""The public-domain portrait that the embedded data are made from."""

from pathlib import Path

ASSETS = Path(__file__).parent / "assets"


def sample_photo_path() -> Path:
    """Path of the shipped real photograph: NASA's portrait of Eileen Collins, 512 x 512 JPEG."""
    return ASSETS / "portrait.jpg"
