package org.kerasmadd.demo.ui

import android.graphics.drawable.ColorDrawable
import android.view.View
import android.view.ViewGroup
import android.widget.ImageButton
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.kerasmadd.core.Backend
import org.kerasmadd.core.BackendFailure
import org.kerasmadd.core.Box
import org.kerasmadd.core.Problem
import org.kerasmadd.core.ScoredFace
import org.kerasmadd.core.SelfCheckResult
import org.kerasmadd.core.Source
import org.kerasmadd.core.UiState
import org.kerasmadd.core.Verdict
import org.kerasmadd.demo.DRAWN_FACE
import org.kerasmadd.demo.R
import org.kerasmadd.demo.drawing
import org.kerasmadd.demo.drawn
import org.kerasmadd.demo.face
import org.kerasmadd.demo.keep
import org.kerasmadd.demo.model
import org.kerasmadd.demo.photo
import org.kerasmadd.demo.shot
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config

/** The real layouts, inflated and drawn; pictures go where `-Dpictures.folder` says. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [33], qualifiers = "w360dp-h740dp-port-xhdpi")
class ScreenTest : CameraScreen() {
    private fun show(state: UiState, name: String, vararg faces: ScoredFace, drawn: Boolean = false) {
        screen.show(state)
        if (faces.isNotEmpty()) {
            screen.overlay.show(shot(faces.toList()), if (drawn) drawing() else photo())
        }
        keep(drawn(activity.content), name)
    }

    @Test
    fun loading() {
        show(UiState.Loading, "loading")
        assertTrue(shown(R.id.message_progress))
        assertEquals("", text(R.id.status))
        assertEquals(false, shown(R.id.banner))
    }

    @Test
    fun `the permission can be asked for, or given in the settings`() {
        show(UiState.PermissionNeeded(canAsk = true), "permission")
        assertEquals(activity.getString(R.string.permission_ask), text(R.id.message_button))
        screen.show(UiState.PermissionNeeded(canAsk = false))
        assertEquals(activity.getString(R.string.permission_settings), text(R.id.message_button))
    }

    @Test
    fun `the portrait is what it is`() {
        // What the shipped detector says of the package's sample photo.
        val face = face(Verdict.NO_TRACE, 0.0052)
        screen.showHeat(HeatChoice.SUM, model())
        screen.showSpeed(24.3, 31.8)
        show(UiState.Faces(Source.CAMERA, listOf(face), model()), "no_trace", face)
        assertEquals("No trace found", text(R.id.verdict))
        assertEquals(
            "Fake probability <1 % · fake from 92 %, no trace below 35 %", text(R.id.verdict_detail),
        )
        assertEquals(activity.getString(R.string.banner_hint), text(R.id.banner))
    }

    @Test
    fun `a face that looks fake`() {
        val face = face(Verdict.FAKE, 0.95, DRAWN_FACE)
        val model = model(demonstration = true, clearThreshold = null)
        screen.showHeat(HeatChoice.SUM, model())
        screen.showSpeed(24.3, 31.8)
        show(UiState.Faces(Source.CAMERA, listOf(face), model), "fake", face, drawn = true)
        assertEquals("Looks fake", text(R.id.verdict))
        assertEquals("Fake probability 95 % · fake from 92 %", text(R.id.verdict_detail))
        assertEquals(activity.getString(R.string.banner_demonstration), text(R.id.banner))
        assertEquals(
            "CPU · 24 frames per second · 32 ms for a frame\nHeat map: on",
            text(R.id.status),
        )
        assertTrue(screen.shareButton.isEnabled)
    }

    @Test
    fun `a face without a trace, and another, on a back end that was not asked for`() {
        val faces = arrayOf(
            face(Verdict.NO_TRACE, 0.0052),
            face(Verdict.UNSURE, 0.55, Box(330, 300, 90, 90), track = 1, frames = 2),
        )
        val failure = BackendFailure(Backend.GPU, "no OpenCL on this phone", RuntimeException())
        val info = model(
            requested = Backend.GPU, failures = listOf(failure),
        )
        screen.showHeat(HeatChoice.OFF, model())
        show(UiState.Faces(Source.CAMERA, faces.toList(), info), "two_faces", *faces)
        assertEquals("Not sure yet, and 1 more face", text(R.id.verdict))
        assertEquals(activity.getString(R.string.banner_hint), text(R.id.banner))
        assertEquals(
            "CPU instead of GPU: no OpenCL on this phone\nHeat map: off", text(R.id.status),
        )
    }

    @Test
    fun `of several faces the highest scored speaks, however small`() {
        val faces = listOf(
            face(Verdict.NO_TRACE, 0.0052),
            face(Verdict.FAKE, 0.93, Box(330, 300, 40, 40), track = 1),
            face(Verdict.UNCERTAIN, 0.6, Box(30, 300, 30, 30), track = 2),
        )
        fun background(id: Int) =
            (activity.content.require<View>(id).background as ColorDrawable).color
        screen.show(UiState.Faces(Source.GALLERY, faces, model()))
        screen.announceNow()
        for (id in listOf(R.id.verdict, R.id.announcement)) {
            assertEquals("Looks fake, and 2 more faces", text(id))
        }
        assertTrue(text(R.id.verdict_detail).startsWith("Fake probability 93 %"))
        for (id in listOf(R.id.verdict, R.id.verdict_detail)) {
            assertEquals(activity.getColor(R.color.verdict_fake), background(id))
        }
        screen.show(UiState.Paused(faces, model()))
        assertEquals("Paused · Looks fake, and 2 more faces", text(R.id.verdict))
        assertTrue(text(R.id.verdict_detail).startsWith("Fake probability 93 %"))
        assertEquals(activity.getColor(R.color.verdict_fake), background(R.id.verdict))
    }

    @Test
    fun `no score is shown after a failed self-check`() {
        val state = UiState.SelfCheckFailed(SelfCheckResult(0.9312, 0.4711, 0.02))
        show(state, "self_check_failed")
        assertTrue("0.9312" in text(R.id.message_text) && "0.4711" in text(R.id.message_text))
        assertEquals("", text(R.id.verdict_detail))
        assertEquals(false, shown(R.id.verdict_detail))
        assertEquals(false, screen.shareButton.isEnabled)
    }

    @Test
    fun `a failure that may pass`() {
        show(UiState.Failed(Problem.CAMERA, "Another app uses the camera.", true, model()), "failed")
        assertTrue(shown(R.id.message_button))
    }

    @Test
    fun `pausing keeps the verdict, and the button goes on`() {
        val face = face(Verdict.NO_TRACE, 0.0052)
        screen.showHeat(HeatChoice.SUM, model())
        screen.show(UiState.Faces(Source.CAMERA, listOf(face), model()))
        assertEquals(activity.getString(R.string.button_pause), screen.pauseButton.contentDescription)
        show(UiState.Paused(listOf(face), model()), "paused", face)
        assertEquals("Paused · No trace found", text(R.id.verdict))
        assertEquals(activity.getString(R.string.button_resume), screen.pauseButton.contentDescription)
    }

    @Test
    fun `waiting and no face`() {
        screen.show(UiState.Waiting(Source.CAMERA, model()))
        assertEquals("Waiting for a picture", text(R.id.verdict))
        show(UiState.NoFace(Source.CAMERA, model()), "no_face")
        assertEquals("No face found", text(R.id.verdict))
    }

    @Test
    fun `every button has a description and 48 dp`() {
        val density = activity.resources.displayMetrics.density
        drawn(activity.content)
        val buttons = buttons(activity.content)
        // The lamp's is there where the camera has one.
        assertEquals(7, buttons.size)
        for (button in buttons) assertNotEquals("", button.contentDescription.toString())
        screen.torchButton.visibility = View.VISIBLE
        drawn(activity.content)
        for (button in buttons) {
            assertTrue(button.width >= 48 * density && button.height >= 48 * density)
        }
    }

    @Test
    fun `the size of the picture stays, whatever is said`() {
        fun height(state: UiState): Int {
            screen.show(state)
            drawn(activity.content)
            return screen.overlay.height
        }
        val face = face(Verdict.FAKE, 0.95)
        val heights = listOf(
            UiState.Loading,
            UiState.Waiting(Source.CAMERA, model()),
            UiState.Faces(Source.CAMERA, listOf(face), model()),
            UiState.Paused(listOf(face), model()),
        ).map(::height)
        assertEquals(1, heights.toSet().size)
        assertTrue(heights.first() > 0)
    }

    private fun buttons(view: View): List<ImageButton> = when (view) {
        is ImageButton -> listOf(view)
        is ViewGroup -> (0 until view.childCount).flatMap { buttons(view.getChildAt(it)) }
        else -> emptyList()
    }

    @Test
    @Config(sdk = [33], qualifiers = "zh-w360dp-h740dp-port-xhdpi")
    fun chinese() {
        val face = face(Verdict.NO_TRACE, 0.0052)
        screen.showHeat(HeatChoice(1), model())
        screen.showSpeed(24.3, 31.8)
        show(UiState.Faces(Source.CAMERA, listOf(face), model()), "chinese", face)
        assertEquals("未发现伪造痕迹", text(R.id.verdict))
    }

    @Test
    @Config(sdk = [33], qualifiers = "w740dp-h360dp-land-xhdpi")
    fun landscape() {
        val face = face(Verdict.NO_TRACE, 0.0052)
        screen.showHeat(HeatChoice.SUM, model())
        show(UiState.Faces(Source.CAMERA, listOf(face), model()), "landscape", face)
        assertEquals("No trace found", text(R.id.verdict))
    }

    @Test
    @Config(sdk = [33], qualifiers = "w360dp-h740dp-port-night-xhdpi")
    fun dark() {
        show(UiState.PermissionNeeded(canAsk = true), "permission_dark")
        assertTrue(shown(R.id.message))
    }
}
