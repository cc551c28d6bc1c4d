"""An old name of `keras_madd.exporting.exported_file`; it goes with version 0.3."""

from keras_madd.support.moved import moved_names

__getattr__ = moved_names(__name__, {"keras_madd.exporting.exported_file": ("export_bundle",)})
