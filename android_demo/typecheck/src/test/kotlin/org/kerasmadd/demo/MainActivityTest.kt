package org.kerasmadd.demo

import android.Manifest
import android.content.Context
import android.graphics.Bitmap
import android.view.View
import androidx.activity.ComponentActivity
import androidx.camera.core.ImageAnalysis
import androidx.camera.view.PreviewView
import java.util.concurrent.Executor
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertSame
import org.junit.Test
import org.junit.runner.RunWith
import org.kerasmadd.core.Backend
import org.kerasmadd.core.LatencyStatistics
import org.kerasmadd.core.ModelInfo
import org.kerasmadd.core.UiEvent
import org.kerasmadd.core.Verdict
import org.kerasmadd.demo.camera.CameraControls
import org.kerasmadd.demo.camera.CameraSession
import org.kerasmadd.demo.camera.FramePipeline
import org.kerasmadd.demo.ui.HeatChoice
import org.kerasmadd.demo.ui.ShareAction
import org.kerasmadd.demo.ui.Shot
import org.kerasmadd.demo.ui.content
import org.kerasmadd.demo.ui.require
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements

/** A pipeline whose frames are a test's. */
@Implements(FramePipeline::class)
@Suppress("UNUSED_PARAMETER")
class GivenFrames {
    private lateinit var onEvent: (UiEvent) -> Unit
    private lateinit var onShot: (Shot) -> Unit
    private lateinit var statistics: LatencyStatistics
    private var last: Pair<Bitmap, Shot>? = null

    /** What was asked of it, beside frames. */
    val asked = ArrayList<String>()

    @Implementation
    fun __constructor__(
        context: Context,
        settings: Settings,
        statistics: LatencyStatistics,
        onEvent: (UiEvent) -> Unit,
        onShot: (Shot) -> Unit,
    ) {
        this.statistics = statistics
        this.onEvent = onEvent
        this.onShot = onShot
        newest = this
    }

    @Implementation
    fun open(requested: Backend) = onEvent(UiEvent.ModelReady(model()))

    @Implementation
    fun getExecutor(): Executor = Executor { it.run() }

    @Implementation
    fun pause(receive: (Bitmap?, Shot?) -> Unit) = snapshot(receive)

    @Implementation
    fun reset() {
        asked.add("reset")
    }

    @Implementation
    fun resume() {
        asked.add("resume at ${statistics.framesPerSecond()} frames per second")
    }

    @Implementation
    fun snapshot(receive: (Bitmap?, Shot?) -> Unit) = receive(last?.first, last?.second)

    @Implementation
    fun close() = Unit

    /** A frame is through. */
    fun frame(): Shot {
        val shot = shot(listOf(face(Verdict.NO_TRACE, 0.1)))
        statistics.frameScored(System.nanoTime())
        last = Bitmap.createBitmap(shot.width, shot.height, Bitmap.Config.ARGB_8888) to shot
        onEvent(UiEvent.FrameScored(shot.faces.map { it.face }))
        onShot(shot)
        return shot
    }

    companion object {
        lateinit var newest: GivenFrames
    }
}

/** No camera. */
@Implements(CameraSession::class)
@Suppress("UNUSED_PARAMETER")
class NoCamera {
    @Implementation
    fun __constructor__(
        activity: ComponentActivity,
        previewView: PreviewView,
        analyzer: ImageAnalysis.Analyzer,
        executor: Executor,
        onFailure: (String) -> Unit,
    ) = Unit

    @Implementation
    fun start(front: Boolean, onChosen: (Boolean) -> Unit, onStarted: (CameraControls) -> Unit) = Unit

    @Implementation
    fun close() = Unit
}

/** Keeps what is shared. */
@Implements(ShareAction::class)
@Suppress("UNUSED_PARAMETER")
class KeptShares {
    @Implementation
    fun share(picture: Bitmap?, shot: Shot?, model: ModelInfo, heat: HeatChoice) {
        all.add(shot)
    }

    companion object {
        val all = ArrayList<Shot?>()
    }
}

@RunWith(RobolectricTestRunner::class)
@Config(
    sdk = [33],
    qualifiers = "w360dp-h740dp-port-xhdpi",
    shadows = [
        AskingActivity::class, GivenFrames::class, NoCamera::class, KeptShares::class,
    ],
)
class MainActivityTest {
    private val controller = Robolectric.buildActivity(MainActivity::class.java)
    private val frames get() = GivenFrames.newest

    private fun press(button: Int) = controller.get().content.require<View>(button).performClick()

    private fun shared(): Shot? {
        press(R.id.button_share)
        return KeptShares.all.removeLast()
    }

    private fun start() {
        shadowOf(RuntimeEnvironment.getApplication()).grantPermissions(Manifest.permission.CAMERA)
        controller.create().start()
    }

    @After
    fun forget() = KeptShares.all.clear()

    @Test
    fun `what stands still is shared, though a frame under way still came through`() {
        start()
        val still = frames.frame()
        press(R.id.button_pause)
        val late = frames.frame()
        assertSame(still, shared())
        press(R.id.button_pause)
        assertSame("going on again", late, shared())
        assertSame(frames.frame(), shared())
    }

    @Test
    fun `after a pause another person does not inherit a score, nor the time that passed`() {
        start()
        repeat(2) { frames.frame() }
        press(R.id.button_pause)
        press(R.id.button_pause)
        assertEquals(listOf("reset", "resume at 0.0 frames per second"), frames.asked)
    }

    @Test
    fun `nothing stands still any more after leaving`() {
        start()
        frames.frame()
        press(R.id.button_pause)
        controller.stop().restart()
        assertSame(frames.frame(), shared())
        assertEquals(0, KeptShares.all.size)
    }
}
