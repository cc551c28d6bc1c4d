package org.kerasmadd.demo.camera

import android.content.Context
import android.graphics.Bitmap
import android.os.Handler
import android.os.HandlerThread
import android.os.Looper
import android.os.SystemClock
import androidx.camera.core.ImageAnalysis
import androidx.camera.core.ImageProxy
import com.google.ai.edge.litert.LiteRtException
import java.util.concurrent.Executor
import org.kerasmadd.core.Backend
import org.kerasmadd.core.Box
import org.kerasmadd.core.FaceScorer
import org.kerasmadd.core.FrameGate
import org.kerasmadd.core.LatencyStatistics
import org.kerasmadd.core.MonotonicClock
import org.kerasmadd.core.NoBackendException
import org.kerasmadd.core.Problem
import org.kerasmadd.core.Stage
import org.kerasmadd.core.UiEvent
import org.kerasmadd.demo.AsyncTrace
import org.kerasmadd.demo.Settings
import org.kerasmadd.demo.TraceListener
import org.kerasmadd.demo.faces.LiveFaceFinder
import org.kerasmadd.demo.model.OpenModel
import org.kerasmadd.demo.model.problemOf
import org.kerasmadd.demo.ui.AttentionMaps
import org.kerasmadd.demo.ui.DrawnFace
import org.kerasmadd.demo.ui.Shot

/**
 * From camera frames to scored faces, on one thread of its own.
 *
 * A frame is copied upright, its image closed at once, faces found in the copy, and each scored.
 * Meanwhile newer frames are closed unread: the next to be taken is the newest. Everything native
 * lives on the thread and is freed with [close].
 *
 * @property statistics of the stages; the view adds drawing.
 * @param onEvent receives on the main thread what happened.
 * @param onShot receives on the main thread what to draw.
 */
class FramePipeline(
    private val context: Context,
    private val settings: Settings,
    val statistics: LatencyStatistics,
    private val onEvent: (UiEvent) -> Unit,
    private val onShot: (Shot) -> Unit,
) : ImageAnalysis.Analyzer, AutoCloseable {
    private val thread = HandlerThread("madd-frames").apply { start() }
    private val worker = Handler(thread.looper)
    private val main = Handler(Looper.getMainLooper())
    private val gate = FrameGate().apply { shut() }
    private val clock = MonotonicClock(SystemClock::uptimeMillis)

    // The two pictures take turns: one is shown and may be shared, the other is being worked on.
    private val slots = arrayOf(FrameSlot(), FrameSlot())
    private var working = 0
    private var lastShot: Shot? = null

    // Of the frame under way; the gate lets only one in.
    private var pass: FrameGate.Pass? = null
    private var startedAt = 0L
    private var detectCookie = 0

    private var model: OpenModel? = null
    private var finder: LiveFaceFinder? = null
    private var scorer: FaceScorer? = null
    private var closed = false

    /** M, the number of attention maps; 0 before the model is ready. */
    @Volatile
    var mapCount = 0
        private set

    /** Of the model file; empty before the model is ready. */
    @Volatile
    var modelSha256 = ""
        private set

    /** Whether frames come from a front camera, whose view is mirrored. */
    @Volatile
    var mirrored = false

    /** Where CameraX hands frames over. */
    val executor = Executor(worker::post)

    /** Opens model and detector; frames are taken from then on. */
    fun open(requested: Backend) {
        worker.post {
            tell(UiEvent.LoadingStarted)
            try {
                val opened = OpenModel.open(context.assets, requested)
                model = opened
                mapCount = opened.contract.numAttentionMaps
                modelSha256 = opened.contract.sha256
                val threshold = settings.thresholdFor(opened.contract)
                val info = opened.info(threshold)
                if (!opened.selfCheck.passed) {
                    tell(UiEvent.SelfCheckFailed(opened.selfCheck, info))
                    return@post
                }
                scorer = FaceScorer(
                    opened.contract, opened.runner, threshold, true, statistics, TraceListener,
                )
                openFinder(opened.contract.detector)
                tell(UiEvent.ModelReady(info))
                gate.open()
            } catch (error: Exception) {
                failOpening(error)
            } catch (error: LinkageError) {
                failOpening(error)
            }
        }
    }

    private fun failOpening(error: Throwable) =
        fail(problemOf(error, if (model == null) Problem.MODEL else Problem.DETECTOR), error)

    private fun openFinder(detector: String) {
        finder = LiveFaceFinder(
            context, detector,
            onFaces = { _, boxes -> onWorker { found(boxes) } },
            onError = { error -> onWorker { abandon(error) } },
        )
    }

    /** Stops taking frames, or goes on. */
    fun setPaused(paused: Boolean) {
        worker.post { if (paused) gate.shut() else if (finder != null) gate.open() }
    }

    /** Forgets tracks, scores and the choice of a face model, as when another camera is chosen. */
    fun reset() {
        worker.post { scorer?.reset(); finder?.reset() }
    }

    /** Hands a copy of the shown picture and its faces to the main thread, or null. */
    fun snapshot(receive: (Bitmap?, Shot?) -> Unit) {
        worker.post {
            val shot = lastShot
            val picture = if (shot == null) null else slots[1 - working].copy()
            main.post { receive(picture, shot) }
        }
    }

    override fun analyze(image: ImageProxy) {
        val entered = gate.tryEnter()
        if (entered == null || closed) {
            image.close()
            entered?.close()
            return
        }
        pass = entered
        startedAt = System.nanoTime()
        try {
            val slot = slots[working]
            image.use { slot.take(it) }
            detectCookie += 1
            AsyncTrace.begin(Stage.DETECT, detectCookie)
            finder?.detect(slot.bitmap, clock.next()) ?: release()
        } catch (error: RuntimeException) {
            abandon(error)
        }
    }

    private fun found(boxes: List<Box>) {
        AsyncTrace.end(Stage.DETECT, detectCookie)
        val detected = System.nanoTime()
        statistics.record(Stage.DETECT, detected - startedAt)
        val opened = model ?: return release()
        val scoring = scorer ?: return release()
        try {
            val slot = slots[working]
            val drawn = ArrayList<DrawnFace>()
            val count = opened.contract.numAttentionMaps
            val faces = scoring.score(slot.frame(), boxes) { face ->
                drawn.add(DrawnFace(face, AttentionMaps.copyOf(opened.runner.attentionMaps, count)))
            }
            statistics.record(Stage.TOTAL, System.nanoTime() - startedAt)
            val shot = Shot(slot.width, slot.height, mirrored, drawn)
            lastShot = shot
            working = 1 - working
            main.post {
                onEvent(UiEvent.FrameScored(faces))
                onShot(shot)
            }
        } catch (error: LiteRtException) {
            onBackendFailure(opened, scoring, error)
        } catch (error: RuntimeException) {
            gate.shut()
            fail(Problem.BACKEND, error)
        } finally {
            release()
        }
    }

    private fun onBackendFailure(opened: OpenModel, scoring: FaceScorer, error: Exception) {
        try {
            val event = opened.recover(error, settings.thresholdFor(opened.contract))
            scoring.runner = opened.runner
            if (event is UiEvent.SelfCheckFailed) gate.shut()
            tell(event)
        } catch (none: NoBackendException) {
            gate.shut()
            fail(Problem.BACKEND, none)
        }
    }

    private fun abandon(error: Exception) {
        AsyncTrace.end(Stage.DETECT, detectCookie)
        release()
        gate.shut()
        fail(Problem.DETECTOR, error)
    }

    private fun release() {
        pass?.close()
        pass = null
    }

    private fun fail(problem: Problem, error: Throwable) =
        tell(UiEvent.Failed(problem, error.message ?: error.javaClass.simpleName))

    private fun tell(event: UiEvent) = main.post { onEvent(event) }

    /** Goes on with a frame, unless everything was closed meanwhile. */
    private fun onWorker(work: () -> Unit) {
        worker.post { if (closed) release() else work() }
    }

    /** Frees everything, after the frame under way. Returns at once; call it on the main thread. */
    override fun close() {
        gate.shut()
        worker.post {
            // Waits for MediaPipe; answers that still come are queued behind this and dropped.
            finder?.close()
            model?.close()
            finder = null
            scorer = null
            model = null
            closed = true
            release()
            main.removeCallbacksAndMessages(null)
            slots.forEach { it.close() }
        }
        thread.quitSafely()
    }
}
