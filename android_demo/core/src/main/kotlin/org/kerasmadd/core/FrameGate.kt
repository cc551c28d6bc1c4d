package org.kerasmadd.core

/**
 * Lets one frame through at a time and closes every other at once.
 *
 * While work on a frame goes on, newer ones are refused, so what is worked on next is the newest
 * there is and nothing queues up. A frame that was offered is always closed: refused, done or
 * failed. Any thread may call.
 */
class FrameGate : AutoCloseable {
    /**
     * Works on a frame unless the gate is busy or shut, and closes the frame in every case.
     *
     * @param frame an image of the camera.
     * @param work what to do; an exception of it is passed on after the frame is closed.
     * @return whether the work was done.
     */
    fun <T : AutoCloseable> process(frame: T, work: (T) -> Unit): Boolean = TODO()

    /**
     * Enters the gate for work that ends on another thread.
     *
     * @return a pass, to be closed when the work is done, or null where the gate is busy or shut.
     */
    fun tryEnter(): Pass? = TODO()

    /** Refuses everything from now on until [open]; does not wait. */
    fun shut(): Unit = TODO()

    /** Lets frames in again. */
    fun open(): Unit = TODO()

    /**
     * Waits until no work is going on.
     *
     * @return whether that came to pass within the time.
     */
    fun awaitIdle(timeoutMillis: Long): Boolean = TODO()

    /** Number of frames refused so far. */
    val dropped: Long get() = TODO()

    /** Number of frames let in so far. */
    val admitted: Long get() = TODO()

    /** Shuts the gate and waits for work in progress, so that what it uses can be closed next. */
    override fun close(): Unit = TODO()

    /** The right to work; closing it twice is harmless. */
    class Pass internal constructor(private val leave: () -> Unit) : AutoCloseable {
        override fun close(): Unit = leave()
    }
}
