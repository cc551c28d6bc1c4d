package org.kerasmadd.core

/**
 * What the gallery was asked to score, across leaving and coming back.
 *
 * Leaving ends the work under way, and coming back must do it again; what was done stays as it is.
 *
 * @property chosen address of the photo or video, or null before the first was chosen.
 * @property isDone whether there is nothing left to do with it.
 */
data class GalleryWork<A : Any>(val chosen: A? = null, val isDone: Boolean = false) {
    /** What to score now, or null. */
    val pending: A? get() = chosen.takeIf { !isDone }

    /** Another was chosen, or the same again. */
    fun choose(address: A) = GalleryWork(address)

    /** All of it was scored, or cannot be. */
    fun finish() = copy(isDone = true)
}
