package org.kerasmadd.core

/**
 * Returns a probability as a percentage that never claims to be certain: the twin of `percent` in
 * `keras_madd/visualize/lettering.py`.
 */
fun percent(probability: Double): String = when {
    probability < 0.01 -> "<1 %"
    probability > 0.99 -> ">99 %"
    else -> "${Math.round(100 * probability)} %"
}
