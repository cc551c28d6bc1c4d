"""Memory of a training step as XLA plans it, which needs no accelerator.

    python benchmarks/step_memory.py --output benchmarks/results/step_memory.json

JAX compiles the step for a processor; XLA's analysis of the compiled program then says how much
memory its arguments (weights, optimizer, batch), its results and everything in between take.
Nothing is run. A compiler for another device orders and fuses operations in another way, and the
one for processors may compute bfloat16 in float32: the figures say which order of size, and what
rematerialisation saves.
"""

import argparse
import os
import time
from pathlib import Path

from record import write_record

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

# Batch, accumulated batches and precision.
STEPS = {
    "float32, batch 48": (48, 1, "float32"),
    "bfloat16, 4 batches of 12": (12, 4, "mixed_bfloat16"),
}


def main() -> None:
    """Compile the steps and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="madd_efficientnet_b4_paper")
    parser.add_argument("--size", type=int, help="side of the faces (default: the preset's)")
    parser.add_argument("--batch-size", type=int, help="in place of the steps' own")
    parser.add_argument("--steps", nargs="+", default=list(STEPS), choices=list(STEPS))
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    rows = {}
    for name in args.steps:
        batch, accumulated, dtype = STEPS[name]
        for rematerialize in (False, True):
            label = f"{name}, rematerialised" if rematerialize else name
            rows[label] = planned(
                args.preset, args.size, args.batch_size or batch, accumulated, dtype, rematerialize
            )
            print(f"{label:<44}" + "  ".join(f"{key} {each}" for key, each in rows[label].items()))
            settings = {key: each for key, each in vars(args).items() if key != "output"}
            write_record(args.output, {"settings": settings, "steps": rows})


def planned(preset, size, batch, accumulated, dtype, rematerialize) -> dict:
    """Compile one step; return its memory in GB."""
    import jax
    import keras
    import numpy as np

    from keras_madd import MADD

    fields = {"input_size": size} if size else {}
    model = MADD.from_preset(preset, seed=0, dtype=dtype, **fields)
    optimizer = keras.optimizers.AdamW(
        1e-3, gradient_accumulation_steps=accumulated if accumulated > 1 else None
    )
    model.compile(optimizer, rematerialize=rematerialize)
    shape = (batch, *model.config.input_size, 3)
    model._symbolic_build(data_batch=(np.zeros((2, *shape[1:]), "uint8"), np.zeros(2, "int32")))
    variables = (
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
        model.metrics_variables,
    )
    state = keras.tree.map_structure(
        lambda each: jax.ShapeDtypeStruct(each.shape, each.dtype),
        tuple([each.value for each in group] for group in variables),
    )
    data = (jax.ShapeDtypeStruct(shape, "uint8"), jax.ShapeDtypeStruct((batch,), "int32"))
    started = time.perf_counter()
    compiled = jax.jit(model.train_step, donate_argnums=0).lower(state, data).compile()
    found = compiled.memory_analysis()
    # Results that take the place of arguments are counted once.
    whole = (
        found.temp_size_in_bytes
        + found.argument_size_in_bytes
        + found.output_size_in_bytes
        - found.alias_size_in_bytes
    )
    sizes = {
        "gb": whole,
        "in_between_gb": found.temp_size_in_bytes,
        "arguments_gb": found.argument_size_in_bytes,
        "results_gb": found.output_size_in_bytes,
    }
    seconds = round(time.perf_counter() - started, 1)
    return {**{key: round(each / 1e9, 3) for key, each in sizes.items()}, "seconds": seconds}


if __name__ == "__main__":
    main()
