package org.kerasmadd.core

/**
 * A rectangle of whole pixels; it may reach outside the picture.
 *
 * @property x left edge in pixels.
 * @property y top edge in pixels.
 * @property width in pixels, above 0.
 * @property height in pixels, above 0.
 */
data class Box(val x: Int, val y: Int, val width: Int, val height: Int) {
    init {
        require(width > 0 && height > 0) {
            "`width` and `height` must be positive. Received: box=($x, $y, $width, $height)"
        }
    }

    /** First column to the right of the box. */
    val right: Int get() = x + width

    /** First row below the box. */
    val bottom: Int get() = y + height
}
