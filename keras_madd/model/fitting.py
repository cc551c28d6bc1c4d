"""What `compile`, `fit` and `evaluate` of a detector add to Keras's."""

from typing import TYPE_CHECKING, Any

import keras

from keras_madd.model.adamw import adamw
from keras_madd.model.callbacks import CentreStepDecay
from keras_madd.model.face_classifier_config import FaceClassifierConfig
from keras_madd.model.labels import (
    check_class_weight,
    check_classes,
    check_loss,
    check_metrics,
)
from keras_madd.model.metrics import FakeAUC
from keras_madd.support.tensor import Tensor

if TYPE_CHECKING:
    from keras import Model as Base
else:
    Base = object


class Fitting(Base):
    """Mixin of `FaceClassifier`: defaults, and errors for what logits do not go with."""

    config: FaceClassifierConfig
    region_independence: keras.layers.Layer | None
    rematerialize: bool = False

    def compile(
        self,
        optimizer: Any = "auto",
        loss: Any = "auto",
        *,
        metrics: Any = "auto",
        jit_compile: bool | str = "auto",
        rematerialize: bool = False,
        **kwargs: Any,
    ) -> None:
        """Configure training; every argument of `keras.Model.compile` works.

        Args:
            optimizer: `"auto"`: AdamW with the paper's learning rate 1e-3 and weight decay 1e-6.
            loss: Reads logits. `"auto"`: cross-entropy of classes as labels; one-hot or soft
                labels take `keras.losses.CategoricalCrossentropy(from_logits=True)`.
            metrics: Read logits, as those of `keras_madd.metrics` do. `"auto"`: accuracy and
                `FakeAUC`, of classes or one-hot labels; `None`: none.
            jit_compile: `"auto"` compiles with XLA where that is faster: not on a CPU with
                TensorFlow. It is chosen anew wherever a saved model is loaded.
            rematerialize: Whether a training step keeps few feature maps and computes the others
                again for the gradient: less memory, for most of one more forward pass.
            **kwargs: Passed on.

        Raises:
            ValueError: If a loss or a metric of Keras takes the logits for probabilities.
        """
        if isinstance(optimizer, str) and optimizer == "auto":
            optimizer = adamw(1e-3, weight_decay=1e-6)
        if isinstance(loss, str) and loss == "auto":
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        if isinstance(metrics, str) and metrics == "auto":
            metrics = ["accuracy", FakeAUC()]
        check_loss(loss)
        check_metrics(metrics)
        check_metrics(kwargs.get("weighted_metrics"))
        # Keras keeps those of the last time where there are none.
        self._compile_metrics = None
        super().compile(
            optimizer=optimizer, loss=loss, metrics=metrics, jit_compile=jit_compile, **kwargs
        )
        self._jit_compile_asked = jit_compile
        self.rematerialize = rematerialize

    def get_compile_config(self) -> dict[str, Any] | None:
        """Return what `compile` was told; `jit_compile="auto"` is not what it came to here."""
        config = super().get_compile_config()
        if not config:
            return config
        said = {"rematerialize": True} if self.rematerialize else {}
        return {**config, "jit_compile": self._jit_compile_asked, **said}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile as the saved model was; Keras leaves that to models with their own `compile`."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def fit(
        self,
        x: Tensor | None = None,
        y: Tensor | None = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Any = None,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Train as `keras.Model.fit` does; after each epoch alpha of the centres decays.

        Raises:
            ValueError: If labels given as an array lie outside `0..num_classes - 1`, or labels
                with masks come with `class_weight`.
        """
        check_classes(y, self.config.num_classes)
        check_class_weight(kwargs.get("class_weight"), x, y)
        if self.region_independence is None:
            return super().fit(x, y, batch_size, epochs, verbose, callbacks, **kwargs)
        decay = CentreStepDecay(self.region_independence)
        if not isinstance(callbacks, keras.callbacks.CallbackList):
            # First in line: a checkpoint written at the end of an epoch has the new alpha.
            callbacks = [decay, *_as_list(callbacks)]
            return super().fit(x, y, batch_size, epochs, verbose, callbacks, **kwargs)
        callbacks.callbacks.insert(0, decay)
        try:
            return super().fit(x, y, batch_size, epochs, verbose, callbacks, **kwargs)
        finally:
            # The list is the user's, who may train again with it.
            callbacks.callbacks.remove(decay)

    def evaluate(
        self, x: Tensor | None = None, y: Tensor | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        """Evaluate as `keras.Model.evaluate` does; nothing of the training state moves."""
        check_classes(y, self.config.num_classes)
        return super().evaluate(x, y, *args, **kwargs)


def _as_list(callbacks) -> list:
    if callbacks is None:
        return []
    return list(callbacks) if isinstance(callbacks, list | tuple) else [callbacks]
