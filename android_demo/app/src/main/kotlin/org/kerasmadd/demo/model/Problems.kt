package org.kerasmadd.demo.model

import java.io.IOException
import org.kerasmadd.core.ModelContractException
import org.kerasmadd.core.NoBackendException
import org.kerasmadd.core.Problem
import org.kerasmadd.core.UiEvent

/** What a failure is called on the screen; [otherwise] where its kind does not tell. */
internal fun eventOf(failure: Throwable, otherwise: Problem): UiEvent {
    val wrong = (failure as? NoBackendException)?.selfCheck
    if (wrong != null) return UiEvent.SelfCheckFailed(wrong)
    return UiEvent.Failed(problemOf(failure, otherwise), failure.message ?: failure.javaClass.simpleName)
}

private fun problemOf(failure: Throwable, otherwise: Problem): Problem = when (failure) {
    is ModelContractException -> Problem.MODEL
    is NoBackendException -> Problem.BACKEND
    is IOException -> Problem.PICTURE
    // A native library that this phone cannot load; the model's own is the ladder's to handle.
    is LinkageError -> Problem.DETECTOR
    else -> otherwise
}
