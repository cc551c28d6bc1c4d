"""Pictures of what the model sees and how well it does.

`overlays` draws on photographs with OpenCV alone; `charts` draws figures with Matplotlib and is
imported on demand (`from keras_madd.visualize import charts`), so that scoring a photograph does
not wait for it. `page` puts both into one self-contained HTML file.
"""

from keras_madd.visualize.overlays import draw_scored_faces, encode_png, overlay_attention

__all__ = ["draw_scored_faces", "encode_png", "overlay_attention"]
