package org.kerasmadd.demo.ui

/**
 * Decides when a screen reader speaks: what has lasted a moment, once, and not too often.
 *
 * @param settleMillis how long a text must stay before it is spoken.
 * @param restMillis least time between two texts.
 */
class VerdictAnnouncer(
    private val settleMillis: Long = 700,
    private val restMillis: Long = 3000,
) {
    private var candidate: String? = null
    private var since = 0L
    private var spoken: String? = null
    private var spokenAt: Long? = null

    /**
     * Takes what the screen shows now.
     *
     * @param text the verdict in words.
     * @param atMillis a clock that never goes back.
     * @return the text, where it is to be spoken now, or null.
     */
    fun offer(text: String, atMillis: Long): String? {
        if (text != candidate) {
            candidate = text
            since = atMillis
        }
        val last = spokenAt
        val settled = atMillis - since >= settleMillis
        val rested = last == null || atMillis - last >= restMillis
        if (text == spoken || !settled || !rested) return null
        spoken = text
        spokenAt = atMillis
        return text
    }
}
