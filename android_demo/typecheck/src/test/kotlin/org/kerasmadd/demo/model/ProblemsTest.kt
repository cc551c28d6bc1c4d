package org.kerasmadd.demo.model

import java.io.IOException
import org.junit.Assert.assertEquals
import org.junit.Test
import org.kerasmadd.core.Backend
import org.kerasmadd.core.BackendFailure
import org.kerasmadd.core.ModelContractException
import org.kerasmadd.core.NoBackendException
import org.kerasmadd.core.Problem
import org.kerasmadd.core.SelfCheckException
import org.kerasmadd.core.SelfCheckResult
import org.kerasmadd.core.UiEvent

class ProblemsTest {
    private fun nowhere(cause: Exception) =
        NoBackendException(listOf(BackendFailure(Backend.CPU, "why", cause)))

    @Test
    fun `wrong numbers everywhere are a failed self-check, and there is no model`() {
        val result = SelfCheckResult(0.9, 0.4, 0.02)
        val event = eventOf(nowhere(SelfCheckException(result)), Problem.MODEL)
        assertEquals(UiEvent.SelfCheckFailed(result), event)
    }

    @Test
    fun `other failures keep their kind and their words`() {
        fun problem(failure: Throwable) = (eventOf(failure, Problem.PICTURE) as UiEvent.Failed).problem
        assertEquals(Problem.BACKEND, problem(nowhere(IllegalStateException("no OpenCL"))))
        assertEquals(Problem.MODEL, problem(ModelContractException("no asset")))
        assertEquals(Problem.PICTURE, problem(IOException("gone")))
        assertEquals(Problem.DETECTOR, problem(UnsatisfiedLinkError("libmediapipe.so")))
        assertEquals(
            UiEvent.Failed(Problem.CAMERA, "RuntimeException"),
            eventOf(RuntimeException(), Problem.CAMERA),
        )
    }
}
