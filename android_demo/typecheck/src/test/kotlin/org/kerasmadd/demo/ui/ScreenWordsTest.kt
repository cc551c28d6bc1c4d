package org.kerasmadd.demo.ui

import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.kerasmadd.core.Problem
import org.kerasmadd.core.Source
import org.kerasmadd.core.UiState
import org.kerasmadd.core.Verdict
import org.kerasmadd.demo.R
import org.kerasmadd.demo.face
import org.kerasmadd.demo.model
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config

/** What the camera's screen says, of which no picture is drawn. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [33], qualifiers = "w360dp-h740dp-port-xhdpi")
class ScreenWordsTest : CameraScreen() {
    @Test
    fun `problems are named with their cause`() {
        for (problem in Problem.entries) {
            screen.show(UiState.Failed(problem, "the cause", canRetry = problem == Problem.CAMERA))
            assertEquals("the cause", text(R.id.message_text))
            assertEquals(problem == Problem.CAMERA, shown(R.id.message_button))
        }
    }

    @Test
    fun `the colours are explained as what the model's maps are`() {
        screen.showHeat(HeatChoice.SUM, model(marksBlending = false))
        assertEquals("looked little", text(R.id.heat_least))
        assertEquals("looked most", text(R.id.heat_most))
        screen.showHeat(HeatChoice.SUM, model())
        assertEquals("no trace", text(R.id.heat_least))
        assertEquals("sure: manipulated", text(R.id.heat_most))
    }

    @Test
    fun `the colours are explained where they are drawn, and only there`() {
        val faces = UiState.Faces(Source.CAMERA, listOf(face(Verdict.NO_TRACE, 0.1)), model())
        screen.show(faces)
        assertEquals(false, shown(R.id.heat_legend))
        screen.showHeat(HeatChoice.SUM, model())
        assertTrue(shown(R.id.heat_legend))
        screen.show(UiState.NoFace(Source.CAMERA, model()))
        assertEquals(false, shown(R.id.heat_legend))
        screen.show(faces)
        screen.showHeat(HeatChoice.OFF, model())
        assertEquals(false, shown(R.id.heat_legend))
        screen.showHeat(HeatChoice.SUM, model())
        assertEquals("CPU\nHeat map: on", text(R.id.status))
    }

    @Test
    fun `the picture is said to show faces where it does`() {
        val faces = listOf(face(Verdict.NO_TRACE, 0.1))
        screen.show(UiState.Faces(Source.CAMERA, faces, model()))
        assertEquals("Faces found in the picture", screen.overlay.contentDescription)
        screen.show(UiState.NoFace(Source.CAMERA, model()))
        assertEquals("The picture", screen.overlay.contentDescription)
        screen.show(UiState.Paused(faces, model()))
        assertEquals("Faces found in the picture", screen.overlay.contentDescription)
        screen.show(UiState.Loading)
        assertEquals("The picture", screen.overlay.contentDescription)
    }

    @Test
    fun `no score is said to be certain`() {
        for ((probability, said) in listOf(0.0 to "<1 %", 1.0 to ">99 %")) {
            val faces = listOf(face(Verdict.UNCERTAIN, probability))
            screen.show(UiState.Faces(Source.CAMERA, faces, model()))
            assertTrue(text(R.id.verdict_detail).startsWith("Fake probability $said · "))
        }
    }

    @Test
    fun `a score below a threshold is not said to reach it`() {
        val faces = listOf(face(Verdict.UNCERTAIN, 0.916))
        screen.show(UiState.Faces(Source.GALLERY, faces, model()))
        assertEquals(
            "Fake probability 91 % · fake from 92 %, no trace below 35 %", text(R.id.verdict_detail),
        )
    }

    @Test
    fun `a map that the model does not have is not said to be drawn`() {
        screen.show(UiState.Waiting(Source.CAMERA, model()))
        screen.showHeat(HeatChoice(7), model().copy(mapCount = 4))
        assertEquals("CPU\nHeat map: 4 of 4", text(R.id.status))
        assertEquals(HeatChoice(3), screen.overlay.heat)
    }

    @Test
    fun `zoom and a restarted detector are told of beside the attention map`() {
        screen.show(UiState.Waiting(Source.CAMERA, model()))
        screen.showHeat(HeatChoice.OFF, model())
        screen.showNote(activity.resources.getQuantityString(R.plurals.detector_restarted, 1, 1))
        assertEquals(
            "CPU\nHeat map: off · Face detector went silent, restarted 1 time", text(R.id.status),
        )
    }
}
