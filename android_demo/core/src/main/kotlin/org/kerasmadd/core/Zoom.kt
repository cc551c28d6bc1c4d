package org.kerasmadd.core

/**
 * How far the camera zooms.
 *
 * @property least the camera's smallest ratio, below 1 where it has a wide lens.
 * @property most the camera's largest ratio.
 * @property ratio the one in force, 1 at first.
 */
data class Zoom(val least: Float, val most: Float, val ratio: Float = 1f) {
    init {
        require(0 < least && least <= most) {
            "`least` must be above 0 and at most `most`. Received: least=$least, most=$most"
        }
    }

    /** Whether it is worth telling of. */
    val isPlain: Boolean get() = ratio == 1f

    /** Returns the zoom after two fingers moved apart by a factor, or together. */
    fun scaledBy(factor: Float): Zoom {
        if (!factor.isFinite() || factor <= 0) return this
        return copy(ratio = (ratio * factor).coerceIn(least, most))
    }

    companion object {
        /** A step, for those who cannot pinch. */
        const val STEP = 1.5f
    }
}
