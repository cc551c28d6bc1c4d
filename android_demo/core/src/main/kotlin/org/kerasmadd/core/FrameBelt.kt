package org.kerasmadd.core

/**
 * Where the kept pictures of a two-stage pipeline are: faces are searched in one while another is
 * scored, and the last scored one stays for showing and sharing.
 *
 * At most one frame is searched or waits for the second stage, so nothing queues up: what is taken
 * next is the newest there is, and a slow second stage slows the first. Any thread may call.
 *
 * @param slots three pictures, which take turns; nothing is ever made anew.
 */
class FrameBelt<S : Any>(slots: List<S>) {
    /** A frame under way: [number] grows with each, [slot] holds its pixels. */
    class Frame<S> internal constructor(val number: Long, val slot: S)

    private val free = ArrayDeque(slots)
    private var searched: Frame<S>? = null
    private var waiting: Frame<S>? = null
    private var scored: Frame<S>? = null
    private var last: Frame<S>? = null
    private var count = 0L
    private var isOpen = false
    private var isClosed = false

    init {
        require(slots.size == SLOTS) { "`slots` must be $SLOTS. Received: ${slots.size} slots" }
    }

    /** The last frame that was scored, or null before the first. */
    val shown: Frame<S>? @Synchronized get() = last

    /** Lets frames in, unless the belt was closed. */
    @Synchronized
    fun open() {
        isOpen = !isClosed
    }

    /** Lets no further frame in; those under way go on. */
    @Synchronized
    fun shut() {
        isOpen = false
    }

    /** Lets no further frame in, for good. */
    @Synchronized
    fun close() {
        isOpen = false
        isClosed = true
    }

    /** First stage: returns a picture to fill and search, or null where the frame is not wanted. */
    @Synchronized
    fun begin(): Frame<S>? {
        if (!isOpen || searched != null || waiting != null) return null
        val slot = free.removeFirstOrNull() ?: return null
        count += 1
        return Frame(count, slot).also { searched = it }
    }

    /**
     * First stage: the faces of a frame are known.
     *
     * @return the frame, which now waits for the second stage, or null where it was given up
     *   meanwhile: an answer that came too late.
     */
    @Synchronized
    fun found(number: Long): Frame<S>? {
        val frame = searched?.takeIf { it.number == number } ?: return null
        searched = null
        waiting = frame
        return frame
    }

    /** First stage: gives up the frame that is searched, where there is one. */
    @Synchronized
    fun giveUp() {
        searched?.let { free.addLast(it.slot) }
        searched = null
    }

    /** Second stage: takes the frame that waits; from now on the first may begin another. */
    @Synchronized
    fun take(frame: Frame<S>) {
        check(waiting === frame && scored == null) { "Frame ${frame.number} does not wait." }
        waiting = null
        scored = frame
    }

    /** Second stage: is done with a frame, which is shown from now on, or is not. */
    @Synchronized
    fun finish(frame: Frame<S>, show: Boolean) {
        check(scored === frame) { "Frame ${frame.number} is not being scored." }
        scored = null
        val over = if (show) last.also { last = frame } else frame
        if (over != null) free.addLast(over.slot)
    }

    private companion object {
        const val SLOTS = 3
    }
}
