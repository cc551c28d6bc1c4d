"""The trained detector that comes with the package, as an exported file."""

import shutil
from pathlib import Path

from keras_madd.exporting.exported_file import check_target
from keras_madd.inference.model_description import model_json_path, read_model_json
from keras_madd.support.files import replacing
from keras_madd.support.shipped import default_litert


def copy_shipped(output: Path, overwrite: bool = False) -> str:
    """Write the shipped LiteRT file and its description to a place of the caller's.

    Args:
        output: The `.tflite` file to write.
        overwrite: Whether existing files may be replaced.

    Returns:
        What was written, in words.

    Raises:
        UserError: If no detector comes with this copy of the package, or `output` cannot be
            written.
    """
    source = default_litert()
    description = read_model_json(source)
    check_target(output, description.quantization, overwrite)
    for each, target in (
        (source, output),
        (model_json_path(source), model_json_path(output)),
    ):
        with replacing(target, overwrite) as temporary:
            shutil.copyfile(each, temporary)
    return (
        f"{output}: {source.parent.name}, {output.stat().st_size / 1e6:.2f} MB, "
        f"quantize {description.quantization}, sha256 {description.sha256}"
    )
