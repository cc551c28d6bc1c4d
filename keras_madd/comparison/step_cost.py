"""What one training step costs, measured in a process of its own: `step_cost`.

The process is told the settings on standard input and answers on standard output. It is a fresh
one, so that the memory of what was done before does not count.
"""

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

from keras_madd.support.errors import UserError
from keras_madd.training.settings import TrainSettings

# After the first step, which is traced, and compiled where the back end compiles.
_STEPS = 2
_REFUSED = "refused"  # In the process's answer: why what it was asked for cannot be.


@dataclass(frozen=True)
class StepCost:
    """What a training step of one batch costs.

    Attributes:
        seconds: Of the processor, all its cores added up; of the clock where an accelerator works.
        clock: Which of them, `"processor"` or `"wall"`.
        peak_bytes: Memory at its highest, over what the process held before the network was built:
            weights, optimizer, activations and gradients. None where it cannot be told, as for
            an accelerator.
        weights: Number of weights, trained or not.
    """

    seconds: float
    clock: str
    peak_bytes: int | None
    weights: int


def step_cost(settings: TrainSettings) -> StepCost:
    """Measure the step of a training, on generated pictures.

    Raises:
        UserError: If the process does not end well, such as for want of memory.
    """
    command = [sys.executable, "-m", "keras_madd.comparison.step_cost"]
    process = subprocess.run(
        command, input=json.dumps(settings.to_dict()), capture_output=True, text=True
    )
    if process.returncode:
        said = process.stderr.strip().splitlines()
        reason = said[-1] if said and process.returncode > 0 else "it was killed, for its memory"
        raise UserError(
            f"A training step with {settings.batch_size} faces cannot be measured: {reason}. If "
            "memory is short, a smaller --batch-size or --image-size takes less."
        )
    answer = json.loads(process.stdout.splitlines()[-1])
    if _REFUSED in answer:
        raise UserError(answer[_REFUSED])
    return StepCost(**answer)


def _measure(settings: TrainSettings) -> StepCost:
    import keras
    import numpy as np

    from keras_madd.support.memory import peak_memory
    from keras_madd.training.schedule import make_optimizer
    from keras_madd.training.starting_model import open_source, starting_config, starting_model

    accelerated, before = _accelerated(), peak_memory()
    keras.utils.set_random_seed(settings.seed)
    source = open_source(settings)
    model = starting_model(settings, starting_config(settings, source), source)
    model.compile(make_optimizer(settings, 1))
    model.rematerialize = settings.rematerialize
    shape = (settings.batch_size, *model.config.pixels_shape)
    images = np.random.default_rng(0).integers(0, 256, shape, "uint8")
    labels = np.arange(settings.batch_size) % 2
    clock = time.perf_counter if accelerated else time.process_time
    seconds = []
    for _ in range(1 + _STEPS):
        started = clock()
        # The loss comes back as a number, so the step has ended.
        model.train_on_batch(images, labels)
        seconds.append(clock() - started)
    return StepCost(
        seconds=min(seconds[1:]),
        clock="wall" if accelerated else "processor",
        peak_bytes=None if accelerated else peak_memory() - before or None,
        weights=model.network.count_params(),
    )


def _accelerated() -> bool:
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return bool(tf.config.list_logical_devices("GPU"))
    if keras.backend.backend() == "jax":
        import jax

        return jax.default_backend() != "cpu"
    import torch

    return torch.cuda.is_available() or torch.backends.mps.is_available()


def main() -> None:
    """Measure what standard input tells."""
    settings = TrainSettings.from_dict(json.load(sys.stdin))
    try:
        answer = asdict(_measure(settings))
    except UserError as error:
        answer = {_REFUSED: str(error)}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
