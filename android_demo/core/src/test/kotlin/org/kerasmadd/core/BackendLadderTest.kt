package org.kerasmadd.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class BackendLadderTest {
    private class Model(val backend: Backend, private val failing: Boolean = false) : AutoCloseable {
        var closed = 0

        override fun close() {
            closed += 1
            if (failing) error("cannot close")
        }
    }

    private val opened = ArrayList<Model>()

    private fun open(backend: Backend) = Model(backend).also { opened.add(it) }

    @Test
    fun `what is asked for is used where it works`() {
        for (requested in Backend.entries) {
            BackendLadder(requested, ::open).use { ladder ->
                assertEquals(requested, ladder.open().backend)
                assertEquals(requested, ladder.actual)
                assertEquals(emptyList<BackendFailure>(), ladder.failures)
            }
        }
        assertTrue(opened.all { it.closed == 1 })
    }

    @Test
    fun `goes down rung by rung and keeps every cause`() {
        val missing = UnsatisfiedLinkError("no libLiteRtDispatch.so")
        val refused = IllegalStateException("no OpenCL")
        val ladder = BackendLadder(Backend.NPU, { backend ->
            when (backend) {
                Backend.NPU -> throw missing
                Backend.GPU -> throw refused
                Backend.CPU -> open(backend)
            }
        })
        assertEquals(Backend.CPU, ladder.open().backend)
        assertEquals(listOf(Backend.NPU, Backend.GPU), ladder.failures.map { it.backend })
        assertSame(missing, ladder.failures[0].cause)
        assertEquals("IllegalStateException: no OpenCL", ladder.failures[1].reason)
        assertEquals(Backend.NPU, ladder.requested)
        assertEquals(Backend.CPU, ladder.actual)
    }

    @Test
    fun `an NPU that is not there is not taken for one, though the runtime would open`() {
        val available = setOf(Backend.GPU, Backend.CPU)
        val ladder = BackendLadder(Backend.NPU, { backend ->
            backend.requireAmong(available)
            open(backend)
        })
        assertEquals(Backend.GPU, ladder.open().backend)
        val failure = ladder.failures.single()
        assertEquals(Backend.NPU, failure.backend)
        assertTrue("no NPU" in failure.reason, failure.reason)
        Backend.GPU.requireAmong(available)
    }

    @Test
    fun `a model that computes something else is closed and given up`() {
        val check = SelfCheck("", "golden_crop.png", 0.8, 0.02)
        val ladder = BackendLadder(Backend.GPU, ::open) { model ->
            check.compare(if (model.backend == Backend.GPU) 0.5 else 0.81).orThrow()
        }
        assertEquals(Backend.CPU, ladder.open().backend)
        assertEquals(1, opened[0].closed)
        assertEquals(0, opened[1].closed)
        assertTrue(ladder.failures.single().reason.contains("gave 0.5; expected 0.8 within 0.02"))
    }

    @Test
    fun `where nothing works all causes are told`() {
        val ladder = BackendLadder<Model>(Backend.NPU, { throw RuntimeException("$it is broken") })
        val problem = assertThrows(NoBackendException::class.java) { ladder.open() }
        assertEquals(Backend.entries, problem.failures.map { it.backend })
        assertTrue(problem.message!!.contains("GPU: RuntimeException: GPU is broken"))
        assertSame(problem.failures.last().cause, problem.cause)
        assertEquals(problem.failures.dropLast(1).map { it.cause }, problem.suppressed.toList())
        assertNull(problem.selfCheck)
        assertNull(ladder.actual)
    }

    @Test
    fun `a self-check that fails everywhere can be shown`() {
        val ladder = BackendLadder(Backend.GPU, ::open) { SelfCheckResult(0.9, 0.1, 0.02).orThrow() }
        val problem = assertThrows(NoBackendException::class.java) { ladder.open() }
        assertEquals(0.1, problem.selfCheck!!.measured)
        assertTrue(opened.all { it.closed == 1 })
    }

    @Test
    fun `a failure at work leads one rung down`() {
        val ladder = BackendLadder(Backend.NPU, ::open)
        ladder.open()
        assertEquals(Backend.GPU, ladder.fallBack(IllegalStateException()).backend)
        assertEquals("IllegalStateException", ladder.failures.single().reason)
        assertEquals(Backend.CPU, ladder.fallBack(IllegalStateException("b")).backend)
        assertEquals(listOf(1, 1, 0), opened.map { it.closed })
        assertThrows(NoBackendException::class.java) { ladder.fallBack(IllegalStateException("c")) }
        assertEquals(listOf(1, 1, 1), opened.map { it.closed })
        assertThrows(IllegalStateException::class.java) { ladder.fallBack(Exception()) }
    }

    @Test
    fun `models that cannot be closed do not hide why they were given up`() {
        val cause = IllegalStateException("lost")
        val ladder = BackendLadder(Backend.GPU, { Model(it, failing = true) })
        ladder.open()
        assertEquals(Backend.CPU, ladder.fallBack(cause).backend)
        assertEquals("cannot close", cause.suppressed.single().message)
        val other = BackendLadder(Backend.CPU, { Model(it, failing = true) }) { throw cause }
        assertThrows(NoBackendException::class.java) { other.open() }
        assertEquals(2, cause.suppressed.size)
    }

    @Test
    fun `opens once, closes once, and can be opened again`() {
        val ladder = BackendLadder(Backend.CPU, ::open)
        ladder.open()
        assertThrows(IllegalStateException::class.java) { ladder.open() }
        ladder.close()
        ladder.close()
        assertEquals(1, opened.single().closed)
        assertNull(ladder.actual)
        ladder.open()
        assertEquals(Backend.CPU, ladder.actual)
    }

    @Test
    fun `running out of memory is no reason to try the next`() {
        val ladder = BackendLadder<Model>(Backend.NPU, { throw OutOfMemoryError() })
        assertThrows(OutOfMemoryError::class.java) { ladder.open() }
    }
}
