package org.kerasmadd.core

import kotlin.math.exp
import kotlin.math.ln

/**
 * From the network's probability to the one that is shown, and to a verdict: the twin of
 * `keras_madd/inference/calibration.py`, where the arithmetic is written out.
 *
 * @property temperature above 0; above 1 it draws probabilities towards one half.
 * @property threshold calibrated probability from which a face is called fake.
 * @property clearThreshold the one below which no trace was found; null in models that call
 *   everything below [threshold] real.
 */
data class Calibration(
    val temperature: Double,
    val threshold: Double,
    val clearThreshold: Double? = null,
) {
    init {
        require(temperature.isFinite() && temperature > 0) {
            "`temperature` must be a number above 0. Received: temperature=$temperature"
        }
        require(threshold in 0.0..1.0) {
            "`threshold` must be from 0 to 1. Received: threshold=$threshold"
        }
        require(clearThreshold == null || clearThreshold in 0.0..threshold) {
            "`clearThreshold` must be from 0 to `threshold`. Received: clearThreshold=$clearThreshold"
        }
    }

    /** Returns the probability to show for one that the network gave, 0 to 1. */
    fun calibrate(probability: Double): Double = sigmoid(logOdds(probability) / temperature)

    /** Puts a calibrated probability into words. */
    fun verdict(calibrated: Double): Verdict = when {
        calibrated >= threshold -> Verdict.FAKE
        clearThreshold == null -> Verdict.REAL
        calibrated < clearThreshold -> Verdict.NO_TRACE
        else -> Verdict.UNCERTAIN
    }

    /** Returns the same with another threshold, as a user chose it. */
    fun withThreshold(chosen: Double) =
        copy(threshold = chosen, clearThreshold = clearThreshold?.coerceAtMost(chosen))

    companion object {
        const val LEAST_PROBABILITY = 1e-7

        /**
         * Returns the log-odds of a probability, which is kept 1e-7 away from 0 and 1.
         *
         * @throws IllegalArgumentException where it is not from 0 to 1; a NaN is not.
         */
        fun logOdds(probability: Double): Double {
            require(probability in 0.0..1.0) {
                "`probability` must be from 0 to 1. Received: probability=$probability"
            }
            val inside = probability.coerceIn(LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
            return ln(inside / (1 - inside))
        }

        /** Returns the probability that has these log-odds. */
        fun sigmoid(logOdds: Double): Double {
            if (logOdds >= 0) return 1 / (1 + exp(-logOdds))
            val exponential = exp(logOdds)
            return exponential / (1 + exponential)
        }
    }
}
