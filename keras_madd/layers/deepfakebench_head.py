"""DeepfakeBenchHead: the official head with one more activation."""

import keras
from keras import ops

from keras_madd.layers.official_head import OfficialHead
from keras_madd.support.tensor import Tensor


@keras.saving.register_keras_serializable(package="keras_madd")
class DeepfakeBenchHead(OfficialHead):
    """`OfficialHead` with the second hard-swish that DeepfakeBench applies to G."""

    def project_global(self, global_features: Tensor) -> Tensor:
        """Return the projection of G, hard-swished twice, `(B, width)`."""
        return ops.hard_silu(super().project_global(global_features))
