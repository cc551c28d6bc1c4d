package org.kerasmadd.demo.camera

import android.content.Context
import android.graphics.Bitmap
import android.os.Handler
import android.os.HandlerThread
import android.os.SystemClock
import androidx.camera.core.ImageAnalysis
import androidx.camera.core.ImageProxy
import java.util.concurrent.Executor
import org.kerasmadd.core.Backend
import org.kerasmadd.core.Box
import org.kerasmadd.core.FrameBelt
import org.kerasmadd.core.LatencyStatistics
import org.kerasmadd.core.MonotonicClock
import org.kerasmadd.core.Problem
import org.kerasmadd.core.Stage
import org.kerasmadd.core.UiEvent
import org.kerasmadd.core.Watchdog
import org.kerasmadd.demo.AsyncTrace
import org.kerasmadd.demo.R
import org.kerasmadd.demo.Settings
import org.kerasmadd.demo.faces.LiveFaceFinder
import org.kerasmadd.demo.model.eventOf
import org.kerasmadd.demo.ui.Shot

/**
 * From camera frames to scored faces, in two stages with a thread each.
 *
 * A frame is copied upright, its image closed at once, and faces are found in the copy; meanwhile
 * the second stage scores the faces of the frame before. Newer frames are closed unread as long as
 * the first stage is busy: the next to be taken is the newest. Everything native lives on the two
 * threads and is freed with [close].
 *
 * @param statistics of the stages; the view adds drawing.
 * @param onEvent receives on the main thread what happened.
 * @param onShot receives on the main thread what to draw.
 */
class FramePipeline(
    private val context: Context,
    settings: Settings,
    private val statistics: LatencyStatistics,
    onEvent: (UiEvent) -> Unit,
    onShot: (Shot) -> Unit,
) : ImageAnalysis.Analyzer, AutoCloseable {
    private val thread = HandlerThread("madd-frames").apply { start() }
    private val worker = Handler(thread.looper)
    private val report = Report(onEvent, onShot)
    private val slots = List(3) { FrameSlot() }
    private val belt = FrameBelt(slots)
    private val scoring = FrameScoring(context, settings, statistics, belt, report)
    private val clock = MonotonicClock(SystemClock::uptimeMillis)

    // Of the first stage's thread alone.
    private val watchdog = Watchdog()
    private var finder: LiveFaceFinder? = null
    private var detector = ""
    private var cookie = 0
    private var closed = false

    /** Whether frames come from a front camera, whose view is mirrored. */
    @Volatile
    var mirrored = false

    /** Where CameraX hands frames over. */
    val executor = Executor(worker::post)

    /** Opens model and detector; frames are taken from then on. */
    fun open(requested: Backend) {
        report.tell(UiEvent.LoadingStarted)
        scoring.open(requested) { contract, ready ->
            worker.post { if (!closed) begin(contract.detector, ready) }
        }
    }

    private fun begin(detector: String, ready: UiEvent) {
        this.detector = detector
        try {
            finder = newFinder()
            report.tell(ready)
            belt.open()
        } catch (error: RuntimeException) {
            report.tell(eventOf(error, Problem.DETECTOR))
        } catch (error: LinkageError) {
            report.tell(eventOf(error, Problem.DETECTOR))
        }
    }

    private fun newFinder(): LiveFaceFinder {
        lateinit var opened: LiveFaceFinder
        opened = LiveFaceFinder(
            context, detector,
            onFaces = { number, boxes -> worker.post { found(number, boxes) } },
            onError = { error -> worker.post { if (finder === opened) abandon(error) } },
        )
        return opened
    }

    /** Takes no further frames, and hands over the last scored one to stand still meanwhile. */
    fun pause(receive: (Bitmap?, Shot?) -> Unit) {
        belt.shut()
        snapshot(receive)
    }

    /** Goes on taking frames. */
    fun resume() {
        worker.post { if (finder != null) belt.open() }
    }

    /** Forgets tracks, scores and the choice of a face model, as after a pause or of another camera. */
    fun reset() {
        scoring.reset()
        worker.post { finder?.reset() }
    }

    /** Hands a copy of the last scored picture and its faces to the main thread, or nulls. */
    fun snapshot(receive: (Bitmap?, Shot?) -> Unit) = scoring.snapshot(receive)

    override fun analyze(image: ImageProxy) {
        val finder = finder
        val frame = if (finder == null) null else belt.begin()
        if (finder == null || frame == null) {
            image.close()
            watch()
            return
        }
        try {
            frame.slot.arrivedAt = System.nanoTime()
            frame.slot.mirrored = mirrored
            image.use { frame.slot.take(it) }
            cookie = frame.number.toInt()
            AsyncTrace.begin(Stage.DETECT, cookie)
            watchdog.given(SystemClock.uptimeMillis())
            finder.detect(frame.number, frame.slot.bitmap, clock.next())
        } catch (error: RuntimeException) {
            abandon(error)
        }
    }

    private fun found(number: Long, boxes: List<Box>) {
        val frame = belt.found(number) ?: return
        watchdog.answered()
        AsyncTrace.end(Stage.DETECT, cookie)
        statistics.record(Stage.DETECT, System.nanoTime() - frame.slot.arrivedAt)
        scoring.score(frame, boxes)
    }

    /** The frames that are not wanted tell the time: a broken graph says nothing of itself. */
    private fun watch() = when (watchdog.advice(SystemClock.uptimeMillis())) {
        Watchdog.Advice.WAIT -> Unit
        Watchdog.Advice.RESTART -> restart()
        Watchdog.Advice.GIVE_UP -> {
            val text = context.getString(R.string.detector_silent, watchdog.restarts)
            abandon(IllegalStateException(text))
        }
    }

    private fun restart() {
        AsyncTrace.end(Stage.DETECT, cookie)
        belt.giveUp()
        discard(finder)
        finder = null
        try {
            finder = newFinder()
            report.tell(UiEvent.DetectorRestarted(watchdog.restarts))
        } catch (error: RuntimeException) {
            abandon(error)
        }
    }

    private fun abandon(error: Exception) {
        AsyncTrace.end(Stage.DETECT, cookie)
        watchdog.rest()
        belt.close()
        belt.giveUp()
        discard(finder)
        finder = null
        report.tell(eventOf(error, Problem.DETECTOR))
    }

    /** Closes a detector elsewhere: one with a broken graph throws, or never comes back. */
    private fun discard(old: LiveFaceFinder?): Thread? = old?.let {
        Thread({ runCatching { it.close() } }, "madd-closing").apply { start() }
    }

    /** Frees everything, after the frames under way. Returns at once; call it on the main thread. */
    override fun close() {
        report.mute()
        belt.close()
        worker.post {
            closed = true
            // MediaPipe reads a picture until then.
            discard(finder)?.join(CLOSING_MILLIS)
            finder = null
            scoring.close(slots)
        }
        thread.quitSafely()
    }

    private companion object {
        const val CLOSING_MILLIS = 2000L
    }
}
