package org.kerasmadd.core

import java.util.concurrent.CountDownLatch
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import kotlin.concurrent.thread
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout

@Timeout(30)
class FrameGateTest {
    private class Frame : AutoCloseable {
        val closed = AtomicInteger()

        override fun close() {
            closed.incrementAndGet()
        }
    }

    @Test
    fun `a frame is closed after the work, once`() {
        val gate = FrameGate()
        val frame = Frame()
        assertTrue(gate.process(frame) { assertEquals(0, it.closed.get()) })
        assertEquals(1, frame.closed.get())
        assertEquals(1, gate.admitted)
        assertEquals(0, gate.dropped)
    }

    @Test
    fun `a frame is closed where the work fails, and the gate is free again`() {
        val gate = FrameGate()
        val frame = Frame()
        val cause = IllegalStateException("broken")
        val thrown = assertThrows(IllegalStateException::class.java) { gate.process(frame) { throw cause } }
        assertSame(cause, thrown)
        assertEquals(1, frame.closed.get())
        assertTrue(gate.process(Frame()) {})
    }

    @Test
    fun `the gate is free again where closing fails`() {
        val gate = FrameGate()
        assertThrows(IllegalStateException::class.java) {
            gate.process(AutoCloseable { error("cannot close") }) {}
        }
        assertTrue(gate.process(Frame()) {})
    }

    @Test
    fun `while it is busy every frame is closed at once, unseen`() {
        val gate = FrameGate()
        val pass = checkNotNull(gate.tryEnter())
        val frames = List(5) { Frame() }
        for (frame in frames) assertFalse(gate.process(frame) { error("must not run") })
        assertTrue(frames.all { it.closed.get() == 1 })
        assertEquals(5, gate.dropped)
        assertNull(gate.tryEnter())
        pass.close()
        pass.close()
        val next = checkNotNull(gate.tryEnter())
        pass.close()
        assertNull(gate.tryEnter(), "a pass closed twice must not let another in")
        next.close()
    }

    @Test
    fun `what is worked on next is the newest frame, not one that waited`() {
        val gate = FrameGate()
        val seen = ArrayList<Int>()
        class Numbered(val number: Int) : AutoCloseable {
            override fun close() = Unit
        }
        gate.process(Numbered(0)) { first ->
            seen.add(first.number)
            for (number in 1..9) gate.process(Numbered(number)) { seen.add(it.number) }
        }
        gate.process(Numbered(10)) { seen.add(it.number) }
        assertEquals(listOf(0, 10), seen)
    }

    @Test
    fun `one at a time and all closed, with many threads and failures`() {
        val gate = FrameGate()
        val inside = AtomicInteger()
        val done = AtomicInteger()
        val frames = List(4) { List(500) { Frame() } }
        val pool = Executors.newFixedThreadPool(4)
        val problems = AtomicInteger()
        for (mine in frames) {
            pool.execute {
                for ((index, frame) in mine.withIndex()) {
                    runCatching {
                        gate.process(frame) {
                            if (inside.incrementAndGet() != 1) problems.incrementAndGet()
                            done.incrementAndGet()
                            Thread.yield()
                            inside.decrementAndGet()
                            check(index % 7 != 0)
                        }
                    }
                }
            }
        }
        pool.shutdown()
        assertTrue(pool.awaitTermination(20, TimeUnit.SECONDS))
        assertEquals(0, problems.get())
        assertTrue(frames.flatten().all { it.closed.get() == 1 })
        assertEquals(2000, gate.admitted + gate.dropped)
        assertEquals(done.get().toLong(), gate.admitted)
    }

    @Test
    fun `a shut gate refuses until it is opened, a closed one for ever`() {
        val gate = FrameGate()
        gate.shut()
        val frame = Frame()
        assertFalse(gate.process(frame) {})
        assertEquals(1, frame.closed.get())
        gate.open()
        assertTrue(gate.process(Frame()) {})
        gate.close()
        assertNull(gate.tryEnter())
        assertThrows(IllegalStateException::class.java) { gate.open() }
    }

    @Test
    fun `closing waits for work in progress`() {
        val gate = FrameGate()
        val started = CountDownLatch(1)
        val finish = CountDownLatch(1)
        val model = Frame()
        val usedAfterClose = AtomicInteger()
        val worker = thread {
            gate.process(Frame()) {
                started.countDown()
                finish.await()
                usedAfterClose.addAndGet(model.closed.get())
            }
        }
        started.await()
        assertFalse(gate.awaitIdle(20))
        val closer = thread {
            gate.close()
            model.close()
        }
        while (gate.tryEnter() != null) Thread.onSpinWait()
        finish.countDown()
        closer.join()
        worker.join()
        assertEquals(0, usedAfterClose.get())
        assertEquals(1, model.closed.get())
        assertTrue(gate.awaitIdle(0))
    }

    @Test
    fun `closing from within the work does not wait for itself`() {
        val gate = FrameGate()
        assertTrue(gate.process(Frame()) { gate.close() })
        assertNull(gate.tryEnter())
        assertNotNull(FrameGate().tryEnter())
    }
}
