"""Whether attention maps differ from each other, and whether what they mark moves the score."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from keras_madd.inference.calibration import log_odds


def mean_attention_overlap(maps: np.ndarray) -> float:
    """Measures how much the attention maps of one image look at the same places.

    The cosine between every two maps of an image, averaged over pairs and images: 1 when all maps
    are alike up to scale, 0 when none share a pixel. The region independence loss and
    attention-guided augmentation are there to lower it (sections 3.3 and 3.4 of the paper).

    Args:
        maps: (B, h, w, M), non-negative, M of 2 or more. A map that is zero everywhere overlaps
            with nothing.

    Returns:
        The mean cosine, 0 to 1.

    Raises:
        ValueError: If the shape does not fit or a value is negative or not finite.
    """
    maps = np.asarray(maps, dtype=np.float64)
    if maps.ndim != 4 or maps.shape[-1] < 2 or maps.size == 0:
        raise ValueError(
            "Argument `maps` must have shape (B, h, w, M) with M of 2 or more. "
            f"Received: maps.shape={maps.shape}"
        )
    if not np.isfinite(maps).all() or maps.min() < 0:
        raise ValueError(
            "Argument `maps` must hold finite values of 0 or more. "
            f"Received: min={np.min(maps)}, max={np.max(maps)}"
        )
    batch, height, width, count = maps.shape
    flat = maps.reshape(batch, height * width, count)
    norms = np.linalg.norm(flat, axis=1, keepdims=True)
    unit = np.divide(flat, norms, out=np.zeros_like(flat), where=norms > 0)
    cosines = np.einsum("bpi,bpj->bij", unit, unit)
    pairs = np.triu_indices(count, k=1)
    return float(cosines[:, pairs[0], pairs[1]].mean())


@dataclass(frozen=True, eq=False)
class HidingCurves:
    """What happens to the score as more and more of a face is hidden, or shown.

    Attributes:
        shares: (K + 1,) share of the face's cells that are hidden (shown), 0 to 1.
        deletion: Order of the cells to (K + 1,) mean absolute change of the log-odds from the
            whole face, as cells are hidden. Orders: `"attended first"`, `"random"`,
            `"attended last"`.
        insertion: The same orders, mean absolute distance of the log-odds from the whole face's,
            as cells are shown on a blurred face.
        faces: Number of faces.
    """

    shares: np.ndarray
    deletion: dict[str, np.ndarray]
    insertion: dict[str, np.ndarray]
    faces: int

    def summary(self) -> dict[str, float]:
        """Returns areas under the curves, attended first over random.

        Above 1 for deletion, and below 1 for insertion, what the maps mark moves the score more
        than a place drawn at random; 1 says that it does not.
        """

        def ratio(curves: dict[str, np.ndarray]) -> float:
            first, random = (
                float(np.trapezoid(curves[order], self.shares))
                for order in ("attended first", "random")
            )
            return first / random if random > 0 else 1.0

        return {"deletion": ratio(self.deletion), "insertion": ratio(self.insertion)}


def hiding_curves(
    score: Callable[[np.ndarray], np.ndarray],
    faces: np.ndarray,
    maps: np.ndarray,
    steps: int = 10,
    seed: int = 0,
) -> HidingCurves:
    """Hides (shows) cells of the attention maps' grid, in three orders, and scores each time.

    A hidden cell shows the face strongly blurred: its colour and light stay, its texture goes.

    Args:
        score: From (N, H, W, 3) uint8 to (N,) probabilities of being fake.
        faces: (B, H, W, 3) uint8 RGB.
        maps: (B, h, w, M) attention maps of 0 or more; their sum orders the cells.
        steps: K, in how many steps the face is hidden.
        seed: Of the random order.

    Reference:
        Petsiuk, Das and Saenko, RISE, BMVC 2018 (deletion and insertion).
    """
    grid = maps.shape[1:3]
    attention = np.asarray(maps, np.float64).sum(-1).reshape(len(maps), -1)
    cells = attention.shape[1]
    rng = np.random.default_rng(seed)
    # Places of one value, as those where class activation is 0, have no order: it is drawn.
    ties = np.random.default_rng((seed, 1)).random(attention.shape)
    first = np.lexsort((ties, -attention), axis=1)
    orders = {
        "attended first": first,
        "random": np.stack([rng.permutation(cells) for _ in faces]),
        "attended last": first[:, ::-1],
    }
    blurred = np.stack([_blurred(face) for face in faces])
    shares = np.linspace(0, 1, steps + 1)
    whole = log_odds(score(faces))
    deletion, insertion = {}, {}
    for name, order in orders.items():
        place = np.empty_like(order)
        np.put_along_axis(place, order, np.arange(cells)[None], axis=1)
        curves = np.zeros((2, steps + 1))
        for index, share in enumerate(shares):
            chosen = (place < round(share * cells)).reshape(-1, *grid)
            mask = np.stack([_enlarged(each, faces.shape[1:3]) for each in chosen])[..., None]
            for row, picture in enumerate(
                (np.where(mask, blurred, faces), np.where(mask, faces, blurred))
            ):
                curves[row, index] = np.abs(log_odds(score(picture)) - whole).mean()
        deletion[name], insertion[name] = curves
    return HidingCurves(shares, deletion, insertion, len(faces))


def occlusion_map(
    score: Callable[[np.ndarray], np.ndarray], face: np.ndarray, grid: tuple[int, int]
) -> np.ndarray:
    """Measures how much each place matters: hides one cell at a time and scores.

    Args:
        score: As `hiding_curves`.
        face: (H, W, 3) uint8 RGB.
        grid: (h, w), the number of cells.

    Returns:
        (h, w) float64, the absolute change of the log-odds.
    """
    blurred = _blurred(face)
    variants = []
    for cell in range(grid[0] * grid[1]):
        chosen = np.zeros(grid, bool)
        chosen.flat[cell] = True
        mask = _enlarged(chosen, face.shape[:2])[..., None]
        variants.append(np.where(mask, blurred, face))
    whole = log_odds(score(face[None]))
    return np.abs(log_odds(score(np.stack(variants))) - whole).reshape(grid)


def occlusion_agreement(
    score: Callable[[np.ndarray], np.ndarray], faces: np.ndarray, maps: np.ndarray
) -> float:
    """Returns the mean rank correlation (Spearman) of attention with `occlusion_map`.

    Faces whose score no cell moves have no correlation and are left out; NaN if all are.

    Args:
        score: As `hiding_curves`.
        faces: (B, H, W, 3) uint8 RGB.
        maps: (B, h, w, M).
    """
    from scipy.stats import spearmanr

    values = []
    for face, stack in zip(faces, maps, strict=True):
        effect = occlusion_map(score, face, stack.shape[:2])
        attention = stack.sum(-1)
        if np.ptp(effect) > 0 and np.ptp(attention) > 0:
            values.append(spearmanr(effect.ravel(), attention.ravel()).statistic)
    return float(np.mean(values)) if values else float("nan")


def _blurred(face: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(face, (0, 0), max(face.shape[:2]) / 16)


def _enlarged(cells: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Returns (h, w) bool as (H, W): each pixel takes the cell that it lies in."""
    rows = np.arange(size[0]) * cells.shape[0] // size[0]
    columns = np.arange(size[1]) * cells.shape[1] // size[1]
    return cells[rows[:, None], columns]
