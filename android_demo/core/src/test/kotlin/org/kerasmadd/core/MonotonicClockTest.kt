package org.kerasmadd.core

import java.util.concurrent.Callable
import java.util.concurrent.Executors
import java.util.concurrent.atomic.AtomicLong
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

class MonotonicClockTest {
    @Test
    fun `follows its source where that grows, and goes on by one where it does not`() {
        val times = listOf(5L, 9, 9, 9, 10, 20, 3, 21, 40).iterator()
        val clock = MonotonicClock(times::next)
        assertEquals(listOf(5L, 9, 10, 11, 12, 20, 21, 22, 40), List(9) { clock.next() })
    }

    @Test
    fun `never gives a time twice, whatever the threads`() {
        val ticks = AtomicLong()
        val clock = MonotonicClock { ticks.incrementAndGet() / 50 }
        val pool = Executors.newFixedThreadPool(4)
        try {
            val threads = pool.invokeAll(List(4) { Callable { List(5000) { clock.next() } } }).map { it.get() }
            for (times in threads) assertEquals(times.sorted().distinct(), times)
            assertEquals(20_000, threads.flatten().distinct().size)
        } finally {
            pool.shutdownNow()
        }
    }
}
