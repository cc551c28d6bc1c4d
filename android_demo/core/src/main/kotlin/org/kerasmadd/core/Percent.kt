package org.kerasmadd.core

/**
 * Returns a probability as a percentage that never claims to be certain, nor to reach a threshold,
 * itself in whole per cent, that it lies below: the twin of `percent` in `web_demo/src/ui/strings.ts`.
 */
fun percent(probability: Double, thresholds: Calibration): String {
    var whole = Math.round(100 * probability)
    for (threshold in listOf(thresholds.threshold, thresholds.clearThreshold ?: 0.0)) {
        if (probability < threshold) whole = minOf(whole, Math.round(100 * threshold) - 1)
    }
    return when {
        probability < 0.01 || whole < 1 -> "<1 %"
        probability > 0.99 && whole >= 99 -> ">99 %"
        else -> "$whole %"
    }
}
