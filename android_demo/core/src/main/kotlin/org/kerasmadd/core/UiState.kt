package org.kerasmadd.core

/** Where pictures come from. Only the camera needs a permission. */
enum class Source { CAMERA, GALLERY }

/** The camera permission, as far as is known. */
enum class Permission { UNKNOWN, GRANTED, DENIED, DENIED_FOR_GOOD }

/** What can go wrong for good. */
enum class Problem { MODEL, BACKEND, DETECTOR, CAMERA, PICTURE }

/**
 * What the screen says of the model; it outlasts the model itself.
 *
 * @property sha256 of the model file.
 * @property mapCount M, the number of maps that can be drawn.
 * @property marksBlending whether the maps mark what looks manipulated, not where the model looks.
 * @property clearThreshold probability below which no trace was found; null where all below
 *   [threshold] is real.
 * @property demonstration the screen must say that nothing may be concluded from its scores.
 * @property requested back end in the settings.
 * @property actual back end that runs.
 * @property failures why the two differ.
 */
data class ModelInfo(
    val trainingData: String,
    val quantization: String,
    val sha256: String,
    val mapCount: Int,
    val marksBlending: Boolean,
    val demonstration: Boolean,
    val threshold: Double,
    val clearThreshold: Double?,
    val requested: Backend,
    val actual: Backend,
    val failures: List<BackendFailure> = emptyList(),
)

/** What the screen shows; one at a time. */
sealed interface UiState {
    /** The model, where it is loaded: for its banner and the back-end line. */
    val model: ModelInfo? get() = null

    /** The face that speaks for all: a frame is as fake as its highest scored one. */
    val highest: ScoredFace? get() = null

    /** The camera may not be used; [canAsk] tells whether asking again is possible. */
    data class PermissionNeeded(val canAsk: Boolean, override val model: ModelInfo? = null) : UiState

    /** The model is being opened and checked. */
    data object Loading : UiState

    /** The model's numbers are wrong on every back end: none is kept open, no score is shown. */
    data class SelfCheckFailed(val result: SelfCheckResult) : UiState

    /** Something is broken; [message] gives the cause. [canRetry] where trying again may help. */
    data class Failed(
        val problem: Problem,
        val message: String,
        val canRetry: Boolean,
        override val model: ModelInfo? = null,
    ) : UiState

    /** Not in front, or the user paused it. The last faces are kept for the still picture. */
    data class Paused(val faces: List<ScoredFace>, override val model: ModelInfo) : UiState {
        override val highest: ScoredFace? get() = faces.maxByOrNull { it.probability }
    }

    /** Ready; no frame or picture has been scored yet. */
    data class Waiting(val source: Source, override val model: ModelInfo) : UiState

    /** The last frame showed no face. */
    data class NoFace(val source: Source, override val model: ModelInfo) : UiState

    /** The last frame's faces, largest first; never empty. */
    data class Faces(
        val source: Source,
        val faces: List<ScoredFace>,
        override val model: ModelInfo,
    ) : UiState {
        override val highest: ScoredFace get() = faces.maxBy { it.probability }
    }
}

/** What happens to the screen. */
sealed interface UiEvent {
    data class PermissionChanged(val permission: Permission) : UiEvent
    data class SourceChosen(val source: Source) : UiEvent

    /** The model is opened (again): at start, on a retry, after a change of the back end. */
    data object LoadingStarted : UiEvent
    data class ModelReady(val model: ModelInfo) : UiEvent
    data class SelfCheckFailed(val result: SelfCheckResult) : UiEvent

    /** The back end changed at work, or the threshold in the settings. */
    data class ModelChanged(val model: ModelInfo) : UiEvent
    data class FrameScored(val faces: List<ScoredFace>) : UiEvent
    data class Failed(val problem: Problem, val message: String) : UiEvent

    /** The face detector gave no answer and was started anew, so often so far. */
    data class DetectorRestarted(val times: Int) : UiEvent
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
    val detectorRestarts: Int = 0,
) {
    /** What the screen shows. */
    val state: UiState
        get() {
            lasting(failure)?.let { return failed(it) }
            if (selfCheck != null) return UiState.SelfCheckFailed(selfCheck)
            if (source == Source.CAMERA && permission != Permission.GRANTED) {
                return UiState.PermissionNeeded(permission != Permission.DENIED_FOR_GOOD, model)
            }
            if (model == null) return UiState.Loading
            if (failure != null) return failed(failure)
            if (paused) return UiState.Paused(faces.orEmpty(), model)
            if (faces == null) return UiState.Waiting(source, model)
            if (faces.isEmpty()) return UiState.NoFace(source, model)
            return UiState.Faces(source, faces, model)
        }

    private fun failed(event: UiEvent.Failed) = UiState.Failed(
        event.problem,
        event.message,
        // A file that is not the one described, or no picture, stays so.
        canRetry = event.problem != Problem.MODEL && event.problem != Problem.PICTURE,
        model,
    )

    /** Returns the facts after an event. A pure function: call it on one thread. */
    fun after(event: UiEvent): UiFacts = when (event) {
        is UiEvent.PermissionChanged -> copy(permission = event.permission)
        is UiEvent.SourceChosen ->
            copy(source = event.source, failure = lasting(failure), paused = false, faces = null)
        UiEvent.LoadingStarted ->
            UiFacts(source, permission, paused = paused)
        is UiEvent.ModelReady ->
            copy(model = event.model, selfCheck = null, failure = ofCamera(failure), faces = null)
        is UiEvent.SelfCheckFailed ->
            copy(model = null, selfCheck = event.result, faces = null)
        is UiEvent.ModelChanged -> if (model == null) this else copy(model = event.model)
        is UiEvent.FrameScored -> afterFrame(event)
        is UiEvent.Failed -> copy(failure = event, faces = null)
        is UiEvent.DetectorRestarted ->
            copy(detectorRestarts = event.times, faces = if (paused) faces else null)
        UiEvent.PausePressed -> copy(paused = true)
        UiEvent.ResumePressed -> copy(paused = false, faces = null)
    }

    /** Results that arrive late, after a pause or a failure, must not be shown. */
    private fun afterFrame(event: UiEvent.FrameScored): UiFacts {
        if (paused || model == null || selfCheck != null || lasting(failure) != null) return this
        return copy(faces = event.faces, failure = null)
    }

    private companion object {
        /** Problems that a new frame or picture does not end. */
        val LASTING = setOf(Problem.MODEL, Problem.BACKEND, Problem.DETECTOR)

        fun lasting(failure: UiEvent.Failed?) = failure?.takeIf { it.problem in LASTING }

        /** A phone's camera may fail before its model is open: no model ends that. */
        fun ofCamera(failure: UiEvent.Failed?) = failure?.takeIf { it.problem == Problem.CAMERA }
    }
}
