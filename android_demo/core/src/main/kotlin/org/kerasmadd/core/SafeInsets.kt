package org.kerasmadd.core

/**
 * How far content stays away from the edges of the window, in pixels.
 *
 * On Android 15 and newer the window reaches below bars and cutouts, whatever the app says.
 */
data class SafeInsets(val left: Int, val top: Int, val right: Int, val bottom: Int) {
    /** Returns what keeps away from both, such as bars and the cutout of a camera. */
    fun and(other: SafeInsets) = SafeInsets(
        maxOf(left, other.left),
        maxOf(top, other.top),
        maxOf(right, other.right),
        maxOf(bottom, other.bottom),
    )
}
