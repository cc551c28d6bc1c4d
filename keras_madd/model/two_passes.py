"""Two training passes, one at a time in memory.

The loss is `L1(logits, V) + L2(logits', V') + match(V' - V)`: I alone decides the first part, the
AGDA images I' the second, and the maps that guide AGDA have no gradient. Without the match loss
the first pass is differentiated and freed, then comes the second. With it the gradient of either
pass needs V of the other. V is small, so it alone is kept: the network first runs over I without a
gradient, for its maps and V; the second pass is differentiated, which gives the gradient of V
too; and the pass over I is made once more, with the same random draws, and takes that gradient in.
It costs one forward pass; kept in memory at once, the two passes would cost twice the memory.

Gradients are those of the whole loss, to rounding.
"""

from typing import TYPE_CHECKING, Any

import keras
from keras import ops

from keras_madd.model.early_gradient import (
    Changes,
    after,
    pullback,
    stateless,
    values_of,
    with_gradient,
)
from keras_madd.support.tensor import Tensor

if TYPE_CHECKING:
    from keras_madd.model.madd import MADD

# What the loss is made from; "added" is what layers add to it.
_DIFFERENTIATED = ("logits", "regional_features", "added")


def two_passes(
    model: "MADD", x: Tensor, y: Tensor, y_pred: dict[str, Tensor], sample_weight: Tensor | None
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the loss of a step, with its gradient, and its terms, unweighted.

    Args:
        model: The `MADD` model whose step it is.
        x: Images, `(B, H, W, 3)`, that AGDA changes.
        y: Labels.
        y_pred: Holds `"pixels"`, the images as the model was called with; takes the first pass's
            outputs in.
        sample_weight: Weight of each image, or `None`.
    """
    passes = _Passes(model)
    step = _coupled if model.config.match_weight > 0 else _apart
    return step(model, passes, x, y, y_pred, sample_weight)


def _apart(model, passes, x, y, y_pred, sample_weight):
    (found, first, changes), pull = passes.early(y_pred["pixels"])
    passes.assign(changes)
    y_pred.update(first)

    def loss(found):
        terms = model.first_pass_terms(y, found, sample_weight)
        return model.weighted(terms) + model.additional_losses([found["added"]]), terms

    early, terms, gradients = passes.differentiate(loss, found)
    gradients = pull(gradients)
    augmented, _ = model.augmentation(x, first["attention_maps"])
    augmented = after(gradients, augmented, passes.jit_compile)
    second, changes = passes.late(augmented)
    passes.assign(passes.kept(changes))
    terms |= passes.second_terms(second, y, sample_weight)
    early = with_gradient(early, passes.scale, passes.weights(), gradients)
    late = {name: terms[name] for name in ("augmented_classification",)}
    return early + model.weighted(late), terms


def _coupled(model, passes, x, y, y_pred, sample_weight):
    before = passes.state_now()
    seen, changes = passes.glimpse(y_pred["pixels"])
    passes.assign(passes.kept(changes))
    augmented, index = model.augmentation(x, seen["attention_maps"])
    (found, _, changes), pull = passes.early(augmented)
    passes.assign(passes.kept(changes))

    def loss(inputs):
        first_v, second = inputs
        terms = {}
        if model.config.trains_region_independence:
            first = {"regional_features": first_v}
            terms["region_independence"] = model.region_independence_term(y, first, sample_weight)
        terms |= passes.second_terms(second, y, sample_weight)
        difference = second["regional_features"] - first_v
        terms["match"] = model.match_term(difference, index, sample_weight)
        return model.weighted(terms), terms

    early, terms, (v_gradient, gradients) = passes.differentiate(
        loss, (seen["regional_features"], found)
    )
    gradients = pull(gradients)
    pixels = after(gradients, y_pred["pixels"], passes.jit_compile)
    first, changes = passes.late(pixels, before)
    if not model.config.update_state_in_second_pass:
        passes.assign(passes.averages(changes))
    y_pred.update(first)
    early = with_gradient(
        early,
        passes.scale,
        [*passes.weights(), first["regional_features"]],
        [*gradients, v_gradient],
    )
    classification = {"classification": model.classification(y, first["logits"], sample_weight)}
    late = model.weighted(classification) + model.additional_losses([first["added"]])
    return early + late, classification | terms


class _Passes:
    """The network of a model as a function of its weights and its state."""

    def __init__(self, model):
        self.model = model
        self.network = model.network
        self.scale = model.loss_scale()
        self.jit_compile = bool(model.jit_compile) and not model.run_eagerly
        self._trained = model.network.trainable_variables
        self._state = model.network.non_trainable_variables
        self._averages = {
            id(average)
            for layer in model.network._flatten_layers()
            if isinstance(layer, keras.layers.BatchNormalization)
            for average in (layer.moving_mean, layer.moving_variance)
        }

    def weights(self) -> list[Tensor]:
        """Return the trained weights as tensors that whoever differentiates follows."""
        return [ops.convert_to_tensor(each) for each in self._trained]

    def state_now(self) -> list[Tensor]:
        """Return the averages and the seeds as they are now."""
        return values_of(self._state)

    def early(self, pixels) -> tuple[tuple[dict, dict, Changes], Any]:
        """Make a pass to be differentiated at once: what the loss needs, all outputs, changes."""
        state = self.state_now()

        def run(weights):
            outputs, changes = self._run(pixels, weights, state)
            return {name: outputs[name] for name in _DIFFERENTIATED}, (outputs, changes)

        found, (outputs, changes), pull = pullback(run, values_of(self._trained))
        return (found, outputs, changes), pull

    def late(self, pixels, state=None) -> tuple[dict, Changes]:
        """Make a pass that is differentiated with the whole: all outputs, changes."""
        state = self.state_now() if state is None else state
        return self._run(pixels, self.weights(), state)

    def glimpse(self, pixels) -> tuple[dict, Changes]:
        """Make a pass without gradient: all outputs, changes."""
        return self._run(pixels, values_of(self._trained), self.state_now())

    def differentiate(self, loss, inputs) -> tuple[Tensor, dict, Any]:
        """Return `loss(inputs)`, its terms and its gradient, scaled; assign what it changes."""
        layer = self.model.region_independence
        variables = [] if layer is None else layer.variables
        values = values_of(variables)
        flat = keras.tree.flatten(inputs)

        def run(flat):
            packed = keras.tree.pack_sequence_as(inputs, flat)
            (total, terms), changes, _ = stateless(lambda: loss(packed), variables, values)
            return total, (terms, changes)

        total, (terms, changes), pull = pullback(run, flat)
        self.assign(changes, variables)
        gradient = pull(ops.cast(self.scale, total.dtype))
        return total, terms, keras.tree.pack_sequence_as(inputs, gradient)

    def second_terms(self, outputs, y, sample_weight) -> dict[str, Tensor]:
        """Return the cross-entropy of the AGDA images; the centres move where asked for."""
        model = self.model
        if model.config.update_state_in_second_pass and model.config.trains_region_independence:
            model.region_independence_term(y, outputs, sample_weight)
        logits = outputs["logits"]
        return {"augmented_classification": model.classification(y, logits, sample_weight)}

    def kept(self, changes: Changes) -> Changes:
        """Return the changes that outlive the pass over the AGDA images."""
        if self.model.config.update_state_in_second_pass:
            return changes
        averages = self.averages(changes)
        return {place: value for place, value in changes.items() if place not in averages}

    def averages(self, changes: Changes) -> Changes:
        """Return the changes of batch-norm averages."""
        return {
            place: value
            for place, value in changes.items()
            if id(self._state[int(place)]) in self._averages
        }

    def assign(self, changes: Changes, variables=None) -> None:
        """Give variables of the network's state, or others, their new values."""
        variables = self._state if variables is None else variables
        for place, value in changes.items():
            variables[int(place)].assign(value)

    def _run(self, pixels, weights, state):
        outputs, changes, added = stateless(
            lambda: self.model.run_network(pixels, training=True),
            [*self._state, *self._trained],
            [*state, *weights],
        )
        return {
            **outputs,
            "added": sum((ops.cast(each, "float32") for each in added), ops.zeros((), "float32")),
        }, changes
