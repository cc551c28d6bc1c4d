"""Named settings of self-blending."""

from keras_madd.data.self_blend import SelfBlend
from keras_madd.data.self_blend_mask import MASKS, PARTIAL_MASKS
from keras_madd.support.errors import check_choice

SELF_BLENDS = {
    # Hue, saturation and value in the authors' units: a third of a grey level.
    "authors": SelfBlend(hue=0.0, saturation=0.0, value=0.0),
    # The same numbers read as shares.
    "strong": SelfBlend(),
    # Beyond the paper: an inner face that a generator made, by any mask, in any mood of colour.
    "varied": SelfBlend(
        masks=(*MASKS, *MASKS, *PARTIAL_MASKS),
        ratios=(0.5, 0.75, 1.0, 1.0, 1.0, 1.0),
        resynthesis=0.6,
        any_strength=True,
        rotation=3.0,
        bending=2.0,
        reshaping=0.1,
    ),
}


def named_self_blend(blending: "str | SelfBlend") -> SelfBlend:
    """The settings of a name, or the settings given.

    Raises:
        ValueError: There is no such name.
    """
    if isinstance(blending, SelfBlend):
        return blending
    check_choice("blending", blending, SELF_BLENDS)
    return SELF_BLENDS[blending]
