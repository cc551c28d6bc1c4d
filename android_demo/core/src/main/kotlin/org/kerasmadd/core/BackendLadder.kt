package org.kerasmadd.core

/** Where a model runs, best first. */
enum class Backend {
    NPU, GPU, CPU;

    /**
     * Makes sure that a runtime which takes the CPU without a word does not pass for this one.
     *
     * @param available what the runtime found on the phone.
     * @throws BackendMissingException where this is not among it.
     */
    fun requireAmong(available: Set<Backend>) {
        if (this !in available) throw BackendMissingException(this)
    }
}

/** The runtime found no such processor on the phone, or no driver for it in the app. */
class BackendMissingException(backend: Backend) : Exception("this phone offers no $backend to the app")

/**
 * Why a back end is not used.
 *
 * @property backend the one that failed.
 * @property reason in words, with the kind of the exception.
 * @property cause the exception itself.
 */
data class BackendFailure(val backend: Backend, val reason: String, val cause: Throwable)

/** No back end works; the causes are among [failures] and suppressed exceptions. */
class NoBackendException(val failures: List<BackendFailure>) : Exception(
    "No back end could run the model: " + failures.joinToString("; ") { "${it.backend}: ${it.reason}" },
    failures.lastOrNull()?.cause,
) {
    init {
        failures.dropLast(1).forEach { addSuppressed(it.cause) }
    }

    /** The last failed self-check, or null where no back end came as far as that. */
    val selfCheck: SelfCheckResult?
        get() = failures.mapNotNull { (it.cause as? SelfCheckException)?.result }.lastOrNull()
}

/**
 * Opens a model on the back end that was asked for, or on the next one down: NPU, GPU, CPU.
 *
 * It owns what it opened and closes it. Nothing is silent: [actual] may differ from [requested],
 * and [failures] says why. One thread at a time may use it.
 *
 * @param requested the first rung to try.
 * @param openOn opens the model on a back end; a failure is an exception or a linkage error, as a
 *   missing native library gives.
 * @param verify what has to hold before a back end is trusted, such as the self-check; it throws
 *   where it does not.
 */
class BackendLadder<T : AutoCloseable>(
    val requested: Backend,
    private val openOn: (Backend) -> T,
    private val verify: (T) -> Unit = {},
) : AutoCloseable {
    private val failed = ArrayList<BackendFailure>()
    private var current: T? = null

    /** The back end in use, or null before [open] and after [close]. */
    var actual: Backend? = null
        private set

    /** What was tried and why it was given up, in order. */
    val failures: List<BackendFailure> get() = failed.toList()

    /**
     * Opens the first rung that works.
     *
     * @throws NoBackendException where none does.
     * @throws IllegalStateException where one is open already.
     */
    fun open(): T {
        check(current == null) { "The model is open already, on $actual." }
        failed.clear()
        return openFrom(requested.ordinal)
    }

    /**
     * Gives the current back end up, since it failed at work, and opens the next one down.
     *
     * @param cause what happened.
     * @throws NoBackendException where there is none left.
     * @throws IllegalStateException where none is open.
     */
    fun fallBack(cause: Throwable): T {
        val given = checkNotNull(actual) { "No back end is open." }
        note(given, cause)
        try {
            close()
        } catch (problem: Exception) {
            cause.addSuppressed(problem)
        }
        return openFrom(given.ordinal + 1)
    }

    private fun openFrom(rung: Int): T {
        for (backend in Backend.entries.drop(rung)) {
            val opened = attempt(backend) ?: continue
            current = opened
            actual = backend
            return opened
        }
        throw NoBackendException(failures)
    }

    private fun attempt(backend: Backend): T? {
        var opened: T? = null
        try {
            return openOn(backend).also { opened = it; verify(it) }
        } catch (problem: Exception) {
            note(backend, problem)
        } catch (problem: LinkageError) {
            note(backend, problem)
        }
        try {
            opened?.close()
        } catch (problem: Exception) {
            failed.last().cause.addSuppressed(problem)
        }
        return null
    }

    private fun note(backend: Backend, cause: Throwable) {
        val kind = cause::class.simpleName ?: "failure"
        failed.add(BackendFailure(backend, cause.message?.let { "$kind: $it" } ?: kind, cause))
    }

    /** Closes what is open. Closing twice is harmless. */
    override fun close() {
        val closing = current
        current = null
        actual = null
        closing?.close()
    }
}
