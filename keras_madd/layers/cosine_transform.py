"""The discrete cosine transform as a matrix, and bands of its frequencies."""

import numpy as np


def cosine_matrix(size: int) -> np.ndarray:
    """Return the orthonormal DCT-II as a matrix D, `(size, size)` float64.

    `D x D^T` transforms a picture x, and `D^T y D` transforms back. Row u is the frequency
    `u / (2 size)` cycles per pixel.
    """
    frequency, position = np.arange(size)[:, None], np.arange(size)[None]
    matrix = np.sqrt(2.0 / size) * np.cos(np.pi * (2 * position + 1) * frequency / (2 * size))
    matrix[0] /= np.sqrt(2.0)
    return matrix


def diagonal_position(height: int, width: int) -> np.ndarray:
    """Return where each frequency lies between the mean, 0, and the highest, 1; `(H, W)`.

    Frequencies on one anti-diagonal of the spectrum, `u / H + v / W` constant, lie alike.
    """
    rows, columns = np.arange(height)[:, None] / height, np.arange(width)[None] / width
    most = (height - 1) / height + (width - 1) / width
    return (rows + columns) / most if most else np.zeros((height, width))


def bands_by_share(height: int, width: int, shares: tuple[float, ...]) -> np.ndarray:
    """Return masks of bands that hold given shares of all frequencies, the lowest first.

    Args:
        height: Rows of the spectrum.
        width: Columns of the spectrum.
        shares: Share of all frequencies below each border, rising, within (0, 1).

    Returns:
        `(len(shares) + 1, H, W)` of 0 and 1; every frequency is in one band.
    """
    position = diagonal_position(height, width)
    # Frequencies of one anti-diagonal are never parted.
    borders = [np.quantile(position, share, method="lower") for share in shares]
    band = np.searchsorted(borders, position, side="left")
    return np.stack([band == index for index in range(len(shares) + 1)]).astype("float64")


def equal_bands(size: int, count: int) -> np.ndarray:
    """Return masks that part the way from the lowest to the highest frequency equally.

    Returns:
        `(count, size, size)` of 0 and 1; every frequency is in one band.
    """
    diagonal = np.add.outer(np.arange(size), np.arange(size))
    band = diagonal * count // (2 * size - 1)
    return np.stack([band == index for index in range(count)]).astype("float64")
