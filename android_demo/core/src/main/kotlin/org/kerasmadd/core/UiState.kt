package org.kerasmadd.core

/** Where pictures come from. Only the camera needs a permission. */
enum class Source { CAMERA, GALLERY }

/** The camera permission, as far as is known. */
enum class Permission { UNKNOWN, GRANTED, DENIED, DENIED_FOR_GOOD }

/** What can go wrong for good. */
enum class Problem { MODEL, BACKEND, DETECTOR, CAMERA, PICTURE }

/**
 * What the screen says of the model.
 *
 * @property demonstration the screen must say that nothing may be concluded from its scores.
 * @property requested back end in the settings.
 * @property actual back end that runs.
 * @property failures why the two differ.
 */
data class ModelInfo(
    val trainingData: String,
    val quantization: String,
    val demonstration: Boolean,
    val threshold: Double,
    val requested: Backend,
    val actual: Backend,
    val failures: List<BackendFailure> = emptyList(),
)

/** What the screen shows; one at a time. */
sealed interface UiState {
    /** The model, where it is loaded: for its banner and the back-end line. */
    val model: ModelInfo? get() = null

    /** The camera may not be used; [canAsk] tells whether asking again is possible. */
    data class PermissionNeeded(val canAsk: Boolean, override val model: ModelInfo? = null) : UiState

    /** The model is being opened and checked. */
    data object Loading : UiState

    /** The model runs, but its numbers are wrong: no score is shown. */
    data class SelfCheckFailed(val result: SelfCheckResult, override val model: ModelInfo) : UiState

    /** Something is broken; [message] gives the cause. [canRetry] where trying again may help. */
    data class Failed(
        val problem: Problem,
        val message: String,
        val canRetry: Boolean,
        override val model: ModelInfo? = null,
    ) : UiState

    /** Not in front, or the user paused it. The last faces are kept for the still picture. */
    data class Paused(val faces: List<ScoredFace>, override val model: ModelInfo) : UiState

    /** Ready; no frame or picture has been scored yet. */
    data class Waiting(val source: Source, override val model: ModelInfo) : UiState

    /** The last frame showed no face. */
    data class NoFace(val source: Source, override val model: ModelInfo) : UiState

    /** The last frame's faces, largest first; never empty. */
    data class Faces(
        val source: Source,
        val faces: List<ScoredFace>,
        override val model: ModelInfo,
    ) : UiState
}

/** What happens to the screen. */
sealed interface UiEvent {
    data class PermissionChanged(val permission: Permission) : UiEvent
    data class SourceChosen(val source: Source) : UiEvent

    /** The model is opened (again): at start, on a retry, after a change of the back end. */
    data object LoadingStarted : UiEvent
    data class ModelReady(val model: ModelInfo) : UiEvent
    data class SelfCheckFailed(val result: SelfCheckResult, val model: ModelInfo) : UiEvent

    /** The back end changed at work, or the threshold in the settings. */
    data class ModelChanged(val model: ModelInfo) : UiEvent
    data class FrameScored(val faces: List<ScoredFace>) : UiEvent
    data class Failed(val problem: Problem, val message: String) : UiEvent
    data object PausePressed : UiEvent
    data object ResumePressed : UiEvent
}

/**
 * Everything the screen depends on. Events may come in any order; [state] picks what matters most.
 */
data class UiFacts(
    val source: Source = Source.CAMERA,
    val permission: Permission = Permission.UNKNOWN,
    val model: ModelInfo? = null,
    val selfCheck: SelfCheckResult? = null,
    val failure: UiEvent.Failed? = null,
    val paused: Boolean = false,
    val faces: List<ScoredFace>? = null,
) {
    /** What the screen shows. */
    val state: UiState get() = TODO()

    /** Returns the facts after an event. A pure function: call it on one thread. */
    fun after(event: UiEvent): UiFacts = TODO()
}
