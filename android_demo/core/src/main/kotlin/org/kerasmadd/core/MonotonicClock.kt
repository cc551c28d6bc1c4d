package org.kerasmadd.core

import java.util.concurrent.atomic.AtomicLong

/**
 * Times that always grow, which MediaPipe's live stream insists on.
 *
 * Two frames within one tick, or a clock set back, get the last time plus one. Any thread may ask.
 *
 * @param source a clock in the unit that is wanted, such as `SystemClock::uptimeMillis`.
 */
class MonotonicClock(private val source: () -> Long) {
    private val last = AtomicLong(Long.MIN_VALUE)

    /** Returns the time, larger than any returned before. */
    fun next(): Long {
        val now = source()
        return last.updateAndGet { before -> maxOf(now, before + 1) }
    }
}
