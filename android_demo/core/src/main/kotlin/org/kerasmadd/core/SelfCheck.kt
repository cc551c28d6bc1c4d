package org.kerasmadd.core

import kotlin.math.abs

/**
 * What came of running the golden crop.
 *
 * @property expected the probability that Python's run of the same file gave.
 * @property measured the one on this phone; NaN counts as failed.
 * @property tolerance largest difference that is rounding.
 */
data class SelfCheckResult(val expected: Double, val measured: Double, val tolerance: Double) {
    /** Whether the phone computes what the model computes. */
    val passed: Boolean get() = abs(measured - expected) <= tolerance

    /** Throws where the check failed, as `BackendLadder` wants it. */
    fun orThrow() {
        if (!passed) throw SelfCheckException(this)
    }
}

/** The golden crop got another probability than it must. */
class SelfCheckException(val result: SelfCheckResult) : Exception(
    "The self-check gave ${result.measured}; expected ${result.expected} within ${result.tolerance}.",
)

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
        fun parse(json: String, contract: ModelContract): SelfCheck {
            val file = StrictJson(json, "self_check.json", mapOf(SCHEMA_VERSION to KEYS))
            val check = SelfCheck(
                sha256 = file.text("sha256"),
                crop = file.text("crop"),
                probability = file.number("fake_probability"),
                tolerance = file.number("tolerance"),
            )
            file.require(check.sha256 == contract.sha256, "sha256", "that of model.json")
            file.require(NAME.matches(check.crop), "crop", "the name of a .png file")
            file.require(check.probability in 0.0..1.0, "fake_probability", "from 0 to 1")
            file.require(check.tolerance > 0 && check.tolerance <= 0.1, "tolerance", "above 0, at most 0.1")
            return check
        }

        const val SCHEMA_VERSION = 1
        private val NAME = Regex("[A-Za-z0-9_-]+[.]png")
        private val KEYS = setOf("sha256", "crop", "fake_probability", "tolerance")
    }
}
