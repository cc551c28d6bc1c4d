package org.kerasmadd.demo.ui

import android.content.res.Resources
import org.kerasmadd.core.ModelInfo
import org.kerasmadd.core.Problem
import org.kerasmadd.core.ScoredFace
import org.kerasmadd.core.UiState
import org.kerasmadd.core.Verdict
import org.kerasmadd.demo.R

/**
 * A message in the middle of the screen.
 *
 * @property button its caption, or null where there is nothing to press.
 * @property busy whether a wheel turns.
 */
data class Message(
    val title: String,
    val text: String,
    val button: String? = null,
    val busy: Boolean = false,
)

/** States in the user's words. */
class StateWords(private val resources: Resources) {
    /** The message of a state, or null where the picture speaks for itself. */
    fun message(state: UiState): Message? = when (state) {
        UiState.Loading -> Message(
            resources.getString(R.string.loading_title),
            resources.getString(R.string.loading_text),
            busy = true,
        )
        is UiState.PermissionNeeded -> Message(
            resources.getString(R.string.permission_title),
            resources.getString(R.string.permission_text),
            resources.getString(
                if (state.canAsk) R.string.permission_ask else R.string.permission_settings,
            ),
        )
        is UiState.SelfCheckFailed -> Message(
            resources.getString(R.string.self_check_title),
            resources.getString(
                R.string.self_check_text,
                state.result.expected, state.result.measured, state.result.tolerance,
            ),
            resources.getString(R.string.try_again),
        )
        is UiState.Failed -> Message(
            resources.getString(title(state.problem)),
            state.message,
            if (state.canRetry) resources.getString(R.string.try_again) else null,
        )
        is UiState.Paused, is UiState.Waiting, is UiState.NoFace, is UiState.Faces -> null
    }

    /** The verdict, without numbers: it changes rarely, and is what a screen reader speaks. */
    fun verdict(state: UiState): String = when (state) {
        is UiState.Faces -> verdict(state.highest, state.faces.size)
        is UiState.Paused -> listOf(
            resources.getString(R.string.verdict_paused),
            state.highest?.let { verdict(it, state.faces.size) }.orEmpty(),
        ).filter { it.isNotEmpty() }.joinToString(" · ")
        is UiState.NoFace -> resources.getString(R.string.verdict_no_face)
        is UiState.Waiting -> resources.getString(R.string.verdict_waiting)
        UiState.Loading -> resources.getString(R.string.loading_title)
        is UiState.PermissionNeeded -> resources.getString(R.string.permission_title)
        is UiState.SelfCheckFailed -> resources.getString(R.string.self_check_title)
        is UiState.Failed -> resources.getString(title(state.problem))
    }

    private fun verdict(highest: ScoredFace, count: Int): String {
        val first = resources.getString(verdictWords(highest.verdict))
        val more = count - 1
        if (more == 0) return first
        return first + ", " + resources.getQuantityString(R.plurals.verdict_more, more, more)
    }

    /** The numbers below the verdict. */
    fun detail(state: UiState): String {
        val model = state.model ?: return ""
        if (state is UiState.NoFace) return resources.getString(R.string.no_face_hint)
        val face = state.highest ?: return ""
        val detail = resources.getString(
            R.string.verdict_detail, face.percent, 100 * model.threshold,
        )
        val clear = model.clearThreshold ?: return detail
        return resources.getString(R.string.verdict_detail_clear, detail, 100 * clear)
    }

    /** Where the model runs, why not where it was asked to, and how fast. */
    fun backend(model: ModelInfo?, framesPerSecond: Double, millis: Double): String {
        if (model == null) return ""
        val where = if (model.actual == model.requested) {
            resources.getString(R.string.status_backend, model.actual.name)
        } else {
            val reason = model.failures.firstOrNull()?.reason.orEmpty()
            resources.getString(
                R.string.status_backend_other, model.actual.name, model.requested.name, reason,
            )
        }
        if (framesPerSecond <= 0) return where
        return resources.getString(R.string.status_speed, where, framesPerSecond, millis)
    }

    /** Which heat map is drawn. */
    fun heat(choice: HeatChoice, count: Int): String {
        val map = choice.map
        return when {
            choice.isOff -> resources.getString(R.string.status_heat_off)
            count == 1 -> resources.getString(R.string.status_heat_on)
            map == null -> resources.getString(R.string.status_heat_sum)
            else -> resources.getString(R.string.status_heat_one, map + 1, count)
        }
    }

    companion object {
        fun verdictWords(verdict: Verdict): Int = when (verdict) {
            Verdict.REAL -> R.string.verdict_real
            Verdict.FAKE -> R.string.verdict_fake
            Verdict.UNSURE -> R.string.verdict_unsure
            Verdict.UNCERTAIN -> R.string.verdict_uncertain
            Verdict.NO_TRACE -> R.string.verdict_no_trace
        }

        private fun title(problem: Problem): Int = when (problem) {
            Problem.MODEL -> R.string.failed_model
            Problem.BACKEND -> R.string.failed_backend
            Problem.DETECTOR -> R.string.failed_detector
            Problem.CAMERA -> R.string.failed_camera
            Problem.PICTURE -> R.string.failed_picture
        }
    }
}
