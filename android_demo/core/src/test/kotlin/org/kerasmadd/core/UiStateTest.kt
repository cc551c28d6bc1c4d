package org.kerasmadd.core

import java.util.Random
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class UiStateTest {
    private val model = ModelInfo(
        "made-up faces", "float16", "0123", 4, false, true, 0.5, null, Backend.GPU, Backend.CPU,
    )
    private val face = ScoredFace(0, Box(1, 2, 3, 4), CropSquare(0, 0, 9), 0.7, "70 %", Verdict.FAKE, 9)
    private val bad = SelfCheckResult(0.5, 0.9, 0.02)

    private fun after(vararg events: UiEvent): UiFacts =
        events.fold(UiFacts()) { facts, event -> facts.after(event) }

    private val granted = UiEvent.PermissionChanged(Permission.GRANTED)
    private val ready = arrayOf(granted, UiEvent.ModelReady(model))

    @Test
    fun `from the first start to faces`() {
        assertEquals(UiState.PermissionNeeded(canAsk = true), UiFacts().state)
        assertEquals(UiState.Loading, after(granted).state)
        assertEquals(UiState.Waiting(Source.CAMERA, model), after(*ready).state)
        val none = after(*ready, UiEvent.FrameScored(emptyList()))
        assertEquals(UiState.NoFace(Source.CAMERA, model), none.state)
        val some = none.after(UiEvent.FrameScored(listOf(face)))
        assertEquals(UiState.Faces(Source.CAMERA, listOf(face), model), some.state)
        assertTrue(some.state.model!!.demonstration)
        assertNull(UiState.Loading.model)
    }

    @Test
    fun `the highest scored face speaks for all, the first of equals`() {
        val faces = listOf(0.2, 0.9, 0.9, 0.4).mapIndexed { track, probability ->
            face.copy(track = track, probability = probability)
        }
        assertSame(faces[1], UiState.Faces(Source.GALLERY, faces, model).highest)
        assertSame(faces[1], UiState.Paused(faces, model).highest)
        assertNull(UiState.Paused(emptyList(), model).highest)
        assertNull(UiState.NoFace(Source.CAMERA, model).highest)
    }

    @Test
    fun `permission and model may come in any order`() {
        val one = after(granted, UiEvent.ModelReady(model))
        val other = after(UiEvent.ModelReady(model), granted)
        assertEquals(one, other)
        assertEquals(
            UiState.PermissionNeeded(canAsk = false, model),
            after(UiEvent.ModelReady(model), UiEvent.PermissionChanged(Permission.DENIED_FOR_GOOD)).state,
        )
        assertEquals(
            UiState.PermissionNeeded(canAsk = true),
            after(UiEvent.PermissionChanged(Permission.DENIED)).state,
        )
    }

    @Test
    fun `photographs need no permission`() {
        val facts = after(UiEvent.SourceChosen(Source.GALLERY), UiEvent.ModelReady(model))
        assertEquals(UiState.Waiting(Source.GALLERY, model), facts.state)
        val failed = facts.after(UiEvent.Failed(Problem.PICTURE, "not a picture"))
        assertEquals(UiState.Failed(Problem.PICTURE, "not a picture", false, model), failed.state)
        val next = failed.after(UiEvent.FrameScored(emptyList()))
        assertEquals(UiState.NoFace(Source.GALLERY, model), next.state)
        val camera = failed.after(UiEvent.SourceChosen(Source.CAMERA))
        assertEquals(UiState.PermissionNeeded(canAsk = true, model), camera.state)
    }

    @Test
    fun `wrong numbers are never shown`() {
        val facts = after(*ready, UiEvent.FrameScored(listOf(face)), UiEvent.SelfCheckFailed(bad))
        assertEquals(UiState.SelfCheckFailed(bad), facts.state)
        assertSame(facts, facts.after(UiEvent.FrameScored(listOf(face))))
        assertEquals(
            UiState.SelfCheckFailed(bad),
            facts.after(UiEvent.PermissionChanged(Permission.DENIED)).state,
        )
        assertNull(facts.model)
        assertNull(facts.state.model)
        assertEquals(UiState.Loading, facts.after(UiEvent.LoadingStarted).state)
        val better = facts.after(UiEvent.ModelReady(model))
        assertEquals(UiState.Waiting(Source.CAMERA, model), better.state)
    }

    @Test
    fun `lasting problems stay until the model is opened anew`() {
        for (problem in listOf(Problem.MODEL, Problem.BACKEND, Problem.DETECTOR)) {
            val facts = after(*ready, UiEvent.Failed(problem, "why"))
            val expected = UiState.Failed(problem, "why", problem != Problem.MODEL, model)
            assertEquals(expected, facts.state)
            assertEquals(expected, facts.after(UiEvent.FrameScored(listOf(face))).state)
            assertEquals(expected, facts.after(UiEvent.SourceChosen(Source.CAMERA)).state)
            assertEquals(UiState.Loading, facts.after(UiEvent.LoadingStarted).state)
        }
        val early = after(UiEvent.Failed(Problem.MODEL, "no asset"))
        assertEquals(UiState.Failed(Problem.MODEL, "no asset", false), early.state)
    }

    @Test
    fun `a camera that comes back ends its problem`() {
        val facts = after(*ready, UiEvent.Failed(Problem.CAMERA, "in use"))
        assertEquals(UiState.Failed(Problem.CAMERA, "in use", true, model), facts.state)
        val back = facts.after(UiEvent.FrameScored(emptyList()))
        assertEquals(UiState.NoFace(Source.CAMERA, model), back.state)
    }

    @Test
    fun `a camera that failed before the model was ready is still told of`() {
        val early = after(granted, UiEvent.LoadingStarted, UiEvent.Failed(Problem.CAMERA, "none"))
        val ready = early.after(UiEvent.ModelReady(model))
        assertEquals(UiState.Failed(Problem.CAMERA, "none", true, model), ready.state)
        assertEquals(UiState.Loading, ready.after(UiEvent.LoadingStarted).state)
        val frame = ready.after(UiEvent.FrameScored(listOf(face)))
        assertEquals(UiState.Faces(Source.CAMERA, listOf(face), model), frame.state)
    }

    @Test
    fun `a pause keeps the faces and refuses late ones`() {
        val facts = after(*ready, UiEvent.FrameScored(listOf(face)), UiEvent.PausePressed)
        assertEquals(UiState.Paused(listOf(face), model), facts.state)
        assertSame(facts, facts.after(UiEvent.FrameScored(emptyList())))
        assertEquals(UiState.Waiting(Source.CAMERA, model), facts.after(UiEvent.ResumePressed).state)
        assertEquals(UiState.Paused(emptyList(), model), after(*ready, UiEvent.PausePressed).state)
        assertFalse(facts.after(UiEvent.SourceChosen(Source.GALLERY)).paused)
    }

    @Test
    fun `a change of the back end is told at once`() {
        val failure = BackendFailure(Backend.GPU, "lost", RuntimeException("lost"))
        val changed = model.copy(actual = Backend.CPU, failures = listOf(failure))
        val facts = after(*ready, UiEvent.FrameScored(listOf(face)), UiEvent.ModelChanged(changed))
        assertEquals(UiState.Faces(Source.CAMERA, listOf(face), changed), facts.state)
        assertEquals(UiFacts(), UiFacts().after(UiEvent.ModelChanged(changed)))
    }

    @Test
    fun `results before the model is ready are not shown`() {
        assertEquals(UiState.Loading, after(granted, UiEvent.FrameScored(listOf(face))).state)
    }

    @Test
    fun `a detector that was started anew is told of until the model is opened anew`() {
        val scored = after(*ready, UiEvent.FrameScored(listOf(face)))
        val facts = scored.after(UiEvent.DetectorRestarted(1)).after(UiEvent.DetectorRestarted(2))
        assertEquals(2, facts.detectorRestarts)
        // The boxes of before would stand still over a moving picture.
        assertEquals(UiState.Waiting(Source.CAMERA, model), facts.state)
        assertEquals(2, facts.after(UiEvent.FrameScored(listOf(face))).detectorRestarts)
        assertEquals(0, facts.after(UiEvent.LoadingStarted).detectorRestarts)
        val paused = scored.after(UiEvent.PausePressed).after(UiEvent.DetectorRestarted(1))
        assertEquals(UiState.Paused(listOf(face), model), paused.state)
    }

    @Test
    fun `whatever happens there is a state, and scores only with a good model`() {
        val events = listOf(
            granted, UiEvent.PermissionChanged(Permission.DENIED), UiEvent.LoadingStarted,
            UiEvent.SourceChosen(Source.GALLERY), UiEvent.SourceChosen(Source.CAMERA),
            UiEvent.ModelReady(model), UiEvent.SelfCheckFailed(bad), UiEvent.ModelChanged(model),
            UiEvent.FrameScored(listOf(face)), UiEvent.FrameScored(emptyList()),
            UiEvent.Failed(Problem.MODEL, "a"), UiEvent.Failed(Problem.CAMERA, "b"),
            UiEvent.PausePressed, UiEvent.ResumePressed, UiEvent.DetectorRestarted(1),
        )
        val random = Random(1)
        val seen = HashSet<String>()
        repeat(400) {
            var facts = UiFacts()
            repeat(25) {
                facts = facts.after(events[random.nextInt(events.size)])
                val state = facts.state
                seen.add(state::class.simpleName!!)
                if (state is UiState.Faces) {
                    assertTrue(state.faces.isNotEmpty() && facts.selfCheck == null && !facts.paused)
                    assertTrue(facts.source == Source.GALLERY || facts.permission == Permission.GRANTED)
                }
            }
        }
        assertEquals(8, seen.size, "$seen")
    }
}
