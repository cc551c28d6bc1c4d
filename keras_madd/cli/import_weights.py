"""Turn a published PyTorch checkpoint into a Keras model."""

import argparse
from pathlib import Path

from keras_madd.cli.arguments import SIDE, path
from keras_madd.support.errors import UserError
from keras_madd.support.files import check_outputs, replacing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("checkpoint", type=path, help="a .pth or .pt file")
    parser.add_argument(
        "--output", type=path, required=True, help="the .keras file to write", metavar="FILE"
    )
    parser.add_argument(
        "--input-size",
        type=SIDE,
        metavar="PIXELS",
        help="side of the face crops; default: what the published training used",
    )
    parser.add_argument("--texture-tap", metavar="STAGE", help="such as b2; default: recognised")
    parser.add_argument("--attention-tap", metavar="STAGE", help="such as b5; default: recognised")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")


def run(args: argparse.Namespace) -> int:
    """Import the checkpoint; returns the exit status."""
    if not args.output.endswith(".keras"):
        raise UserError(f"--output must end in .keras. Received: {args.output}")
    check_outputs([args.output], overwrite=args.overwrite, inputs=[args.checkpoint])

    from keras_madd.published_weights.layouts import layout_of
    from keras_madd.torch_weights.checkpoint import read_checkpoint

    given = {name: getattr(args, name) for name in ("input_size", "texture_tap", "attention_tap")}
    tensors = read_checkpoint(Path(args.checkpoint))
    layout = layout_of(tensors)
    recognised = layout.recognise(
        tensors, {name: value for name, value in given.items() if value is not None}
    )
    print(f"Recognised {recognised.network}, {len(tensors)} tensors:")
    for fact in recognised.facts:
        print(f"  {fact}")
    try:
        model = layout.build(tensors, recognised)
    except ValueError as error:
        # A size or a tap that the network cannot have.
        raise UserError(str(error)) from error
    with replacing(args.output, args.overwrite) as temporary:
        model.save(temporary)
    print(f"Wrote {args.output}: {model.count_params():,} weights.")
    return 0
