"""Learning rates over a training run, and the optimizers that follow them."""

import keras

from keras_madd.model.adamw import adamw
from keras_madd.model.warm_up import WarmUp
from keras_madd.training.settings import TrainSettings

# The released code's StepLR: times 0.5 every fifth epoch.
STEP_EPOCHS = 5
STEP_FACTOR = 0.5
MOMENTUM = 0.9


def make_schedule(settings: TrainSettings, batches_per_epoch: int) -> WarmUp:
    """Build the schedule of a run.

    Args:
        settings: Learning rate, epochs, warm-up and kind of schedule.
        batches_per_epoch: Batches, not updates: Keras counts those under gradient accumulation.
    """
    peak = settings.learning_rate
    total = settings.epochs * batches_per_epoch
    warmup = int(settings.warmup_epochs * batches_per_epoch)
    if warmup >= total:  # A run of one epoch still has a decay.
        warmup = int(total / 2)
    decay = max(1, round(total) - warmup)
    schedules = keras.optimizers.schedules
    if settings.schedule == "cosine":
        after = schedules.CosineDecay(peak, decay)
    elif settings.schedule == "linear":
        after = schedules.PolynomialDecay(peak, decay, end_learning_rate=0.0)
    else:
        period = max(1, round(STEP_EPOCHS * batches_per_epoch))
        after = schedules.ExponentialDecay(peak, period, STEP_FACTOR, staircase=True)
    return WarmUp(after, peak, warmup)


def make_optimizer(settings: TrainSettings, batches_per_epoch: int) -> keras.Optimizer:
    """Build the optimizer of a run, with its schedule and, where asked for, its average."""
    accumulation = settings.gradient_accumulation
    shared = {
        "learning_rate": make_schedule(settings, batches_per_epoch),
        "weight_decay": settings.weight_decay,
        "gradient_accumulation_steps": accumulation if accumulation > 1 else None,
    }
    if settings.ema:
        # Keras averages after every batch, also while the weights wait for their update.
        shared |= {"use_ema": True, "ema_momentum": settings.ema ** (1 / accumulation)}
    if settings.optimizer == "sgd":
        return keras.optimizers.SGD(**shared, momentum=MOMENTUM, nesterov=True)
    return adamw(**shared)
