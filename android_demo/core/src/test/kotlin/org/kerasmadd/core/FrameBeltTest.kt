package org.kerasmadd.core

import java.util.Random
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class FrameBeltTest {
    private class Slot {
        val users = AtomicInteger()
    }

    private val slots = List(3) { Slot() }
    private val belt = FrameBelt(slots).apply { open() }

    /** Brings a frame to the second stage. */
    private fun taken(): FrameBelt.Frame<Slot> {
        val frame = checkNotNull(belt.begin())
        assertSame(frame, belt.found(frame.number))
        return frame.also(belt::take)
    }

    @Test
    fun `nothing enters before it is opened or after it is shut`() {
        val other = FrameBelt(slots)
        assertNull(other.begin())
        other.open()
        assertNotNull(other.begin())
        assertNull(other.shown)
        belt.shut()
        assertNull(belt.begin())
        belt.open()
        assertNotNull(belt.begin())
        belt.giveUp()
        belt.close()
        belt.open()
        assertNull(belt.begin(), "closed is for good")
        assertThrows(IllegalArgumentException::class.java) { FrameBelt(slots.take(2)) }
    }

    @Test
    fun `the next frame is searched while one is scored, and no third is taken`() {
        val first = taken()
        val second = checkNotNull(belt.begin())
        assertNull(belt.begin(), "one is searched at a time")
        assertSame(second, belt.found(second.number))
        assertNull(belt.begin(), "one waits: nothing queues up behind it")
        belt.finish(first, show = true)
        assertNull(belt.begin())
        belt.take(second)
        assertSame(first, belt.shown)
        val third = checkNotNull(belt.begin())
        assertEquals(3, setOf(first.slot, second.slot, third.slot).size)
        assertTrue(first.number < second.number && second.number < third.number)
    }

    @Test
    fun `what is shown is not written over until another is`() {
        val shown = taken().also { belt.finish(it, show = true) }
        repeat(5) {
            val frame = taken()
            assertTrue(frame.slot !== shown.slot)
            belt.finish(frame, show = false)
            assertSame(shown, belt.shown)
        }
        val next = taken().also { belt.finish(it, show = true) }
        assertSame(next, belt.shown)
    }

    @Test
    fun `an answer for a frame that was given up comes too late`() {
        val silent = checkNotNull(belt.begin())
        belt.giveUp()
        assertNull(belt.found(silent.number))
        val next = checkNotNull(belt.begin())
        assertNull(belt.found(silent.number), "it is another frame's turn")
        assertSame(next, belt.found(next.number))
        assertNull(belt.found(next.number), "an answer counts once")
        belt.giveUp()
        belt.take(next)
    }

    @Test
    fun `stages out of order are programming errors`() {
        val frame = checkNotNull(belt.begin())
        assertThrows(IllegalStateException::class.java) { belt.take(frame) }
        assertThrows(IllegalStateException::class.java) { belt.finish(frame, show = true) }
    }

    @Test
    fun `two threads never hold the same picture, and frames come out in order`() {
        val scoring = Executors.newSingleThreadExecutor()
        val random = Random(0)
        val numbers = ArrayList<Long>()
        val scored = AtomicInteger()
        val clashes = AtomicInteger()
        fun use(slot: Slot) {
            if (slot.users.getAndIncrement() != 0) clashes.incrementAndGet()
            Thread.yield()
            slot.users.decrementAndGet()
        }
        // This thread searches until the other has scored enough.
        while (scored.get() < 300) {
            val frame = belt.begin()
            if (frame == null) {
                Thread.yield()
                continue
            }
            use(frame.slot)
            if (random.nextInt(7) == 0) {
                belt.giveUp()
                continue
            }
            val found = checkNotNull(belt.found(frame.number))
            scoring.submit {
                belt.take(found)
                use(found.slot)
                numbers.add(found.number)
                belt.finish(found, show = found.number % 3 != 0L)
                scored.incrementAndGet()
            }
        }
        scoring.shutdown()
        assertTrue(scoring.awaitTermination(1, TimeUnit.MINUTES))
        assertEquals(0, clashes.get())
        assertEquals(numbers.sorted(), numbers)
        assertNotNull(belt.begin(), "no picture was lost")
    }
}
