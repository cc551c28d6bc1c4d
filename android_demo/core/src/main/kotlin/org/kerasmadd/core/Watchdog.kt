package org.kerasmadd.core

/**
 * Notices a face detector that no longer answers: MediaPipe tells of a broken graph with the next
 * frame alone, and the next one is not given before the answer.
 *
 * One thread at a time may use it.
 *
 * @property patienceMillis how long an answer may take.
 * @property mostRestarts restarts in a row, without an answer in between, before it is hopeless.
 */
class Watchdog(val patienceMillis: Long = 3000, val mostRestarts: Int = 3) {
    /** What is to be done. */
    enum class Advice { WAIT, RESTART, GIVE_UP }

    private var givenAt: Long? = null
    private var inARow = 0

    /** Number of restarts so far. */
    var restarts = 0
        private set

    init {
        require(patienceMillis > 0) {
            "`patienceMillis` must be above 0. Received: patienceMillis=$patienceMillis"
        }
    }

    /** A frame was given to the detector. */
    fun given(atMillis: Long) {
        givenAt = atMillis
    }

    /** The detector answered. */
    fun answered() {
        givenAt = null
        inARow = 0
    }

    /** Nothing is under way any more, such as after an error of which the detector did tell. */
    fun rest() {
        givenAt = null
    }

    /** Tells what to do now; a silence is told of once. */
    fun advice(atMillis: Long): Advice {
        val since = givenAt ?: return Advice.WAIT
        if (atMillis - since < patienceMillis) return Advice.WAIT
        givenAt = null
        if (inARow >= mostRestarts) return Advice.GIVE_UP
        inARow += 1
        restarts += 1
        return Advice.RESTART
    }
}
