package org.kerasmadd.core

/**
 * What came of running the golden crop.
 *
 * @property expected the probability that Python's run of the same file gave.
 * @property measured the one on this phone; NaN counts as failed.
 * @property tolerance largest difference that is rounding.
 */
data class SelfCheckResult(val expected: Double, val measured: Double, val tolerance: Double) {
    /** Whether the phone computes what the model computes. */
    val passed: Boolean get() = Math.abs(measured - expected) <= tolerance
}

/**
 * A picture and the probability that the model must give it: `self_check.json` beside the model.
 *
 * @property sha256 of the model file that the probability is of.
 * @property crop name of the picture, a PNG of the model's input size.
 * @property probability that the file gave on a desktop.
 * @property tolerance largest difference that is rounding, on any back end.
 */
data class SelfCheck(
    val sha256: String,
    val crop: String,
    val probability: Double,
    val tolerance: Double,
) {
    /** Compares the network's own (not calibrated) probability of the golden crop. */
    fun compare(measured: Double) = SelfCheckResult(probability, measured, tolerance)

    companion object {
        /**
         * Reads a self-check and makes sure that it is of this model.
         *
         * @throws ModelContractException where it is not, or a key or value is wrong.
         */
        fun parse(json: String, contract: ModelContract): SelfCheck = TODO()
    }
}
