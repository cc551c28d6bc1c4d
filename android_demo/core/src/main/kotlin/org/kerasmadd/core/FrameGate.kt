package org.kerasmadd.core

import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicBoolean
import java.util.concurrent.locks.ReentrantLock
import kotlin.concurrent.withLock

/**
 * Lets one frame through at a time and closes every other at once.
 *
 * While work on a frame goes on, newer ones are refused, so what is worked on next is the newest
 * there is and nothing queues up. A frame that was offered is always closed: refused, done or
 * failed. Any thread may call.
 */
class FrameGate : AutoCloseable {
    private val lock = ReentrantLock()
    private val idle = lock.newCondition()
    private var busy = false
    private var isOpen = true
    private var isClosed = false
    private var droppedCount = 0L
    private var admittedCount = 0L
    private var worker: Thread? = null

    /** Number of frames refused so far. */
    val dropped: Long get() = lock.withLock { droppedCount }

    /** Number of frames let in so far. */
    val admitted: Long get() = lock.withLock { admittedCount }

    /**
     * Works on a frame unless the gate is busy or shut, and closes the frame in every case.
     *
     * @param frame an image of the camera.
     * @param work what to do; an exception of it is passed on after the frame is closed.
     * @return whether the work was done.
     */
    fun <T : AutoCloseable> process(frame: T, work: (T) -> Unit): Boolean {
        val pass = enter(Thread.currentThread())
        if (pass == null) {
            frame.close()
            return false
        }
        pass.use { frame.use(work) }
        return true
    }

    /**
     * Enters the gate for work that ends on another thread.
     *
     * @return a pass, to be closed when the work is done, or null where the gate is busy or shut.
     */
    fun tryEnter(): Pass? = enter(null)

    private fun enter(thread: Thread?): Pass? = lock.withLock {
        if (busy || !isOpen) {
            droppedCount += 1
            return null
        }
        busy = true
        worker = thread
        admittedCount += 1
        Pass(::leave)
    }

    private fun leave() = lock.withLock {
        busy = false
        worker = null
        idle.signalAll()
    }

    /** Refuses everything from now on until [open]; does not wait. */
    fun shut() = lock.withLock { isOpen = false }

    /**
     * Lets frames in again.
     *
     * @throws IllegalStateException after [close].
     */
    fun open() = lock.withLock {
        check(!isClosed) { "A closed gate stays closed." }
        isOpen = true
    }

    /**
     * Waits until no work is going on.
     *
     * @return whether that came to pass within the time.
     */
    fun awaitIdle(timeoutMillis: Long): Boolean = lock.withLock {
        var left = TimeUnit.MILLISECONDS.toNanos(timeoutMillis)
        while (busy) {
            if (left <= 0) return false
            left = idle.awaitNanos(left)
        }
        true
    }

    /**
     * Shuts the gate for good and waits for work in progress, so that what it uses can be closed
     * next. Called by that work itself it does not wait.
     */
    override fun close() = lock.withLock {
        isOpen = false
        isClosed = true
        while (busy && worker !== Thread.currentThread()) idle.awaitUninterruptibly()
    }

    /** The right to work; closing it twice is harmless. */
    class Pass internal constructor(private val leave: () -> Unit) : AutoCloseable {
        private val left = AtomicBoolean(false)

        override fun close() {
            if (left.compareAndSet(false, true)) leave()
        }
    }
}
