"""Pictures of what the model sees and how well it does.

`overlays` and `scored_video` draw on photographs and videos with OpenCV alone; `charts` draws
figures with Matplotlib and is imported on demand (`from keras_madd.visualize import charts`), so
that scoring a photograph does not wait for it. `page` puts both into one self-contained HTML file.
"""

from keras_madd.visualize.attention import attended_crop, encode_png, overlay_attention
from keras_madd.visualize.overlays import draw_scored_faces, enlarge_small
from keras_madd.visualize.scored_video import ScoredVideoWriter, VideoOverlay
from keras_madd.visualize.timeline import ScoreTimeline

__all__ = [
    "ScoreTimeline",
    "ScoredVideoWriter",
    "VideoOverlay",
    "attended_crop",
    "draw_scored_faces",
    "encode_png",
    "enlarge_small",
    "overlay_attention",
]
