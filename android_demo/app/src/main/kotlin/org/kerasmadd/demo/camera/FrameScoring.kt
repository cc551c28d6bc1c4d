package org.kerasmadd.demo.camera

import android.content.Context
import android.graphics.Bitmap
import android.os.Handler
import android.os.HandlerThread
import com.google.ai.edge.litert.LiteRtException
import org.kerasmadd.core.Backend
import org.kerasmadd.core.Box
import org.kerasmadd.core.FaceScorer
import org.kerasmadd.core.FrameBelt
import org.kerasmadd.core.LatencyStatistics
import org.kerasmadd.core.ModelContract
import org.kerasmadd.core.NoBackendException
import org.kerasmadd.core.Problem
import org.kerasmadd.core.Stage
import org.kerasmadd.core.UiEvent
import org.kerasmadd.demo.Settings
import org.kerasmadd.demo.TraceListener
import org.kerasmadd.demo.model.OpenModel
import org.kerasmadd.demo.model.eventOf
import org.kerasmadd.demo.ui.DrawnFace
import org.kerasmadd.demo.ui.Shot

/**
 * The second stage: faces that were found are cut out and scored, on a thread that owns the model.
 *
 * @param statistics receives the times of cropping, inference and the whole, and when it was done.
 */
internal class FrameScoring(
    private val context: Context,
    private val settings: Settings,
    private val statistics: LatencyStatistics,
    private val belt: FrameBelt<FrameSlot>,
    private val report: Report,
) {
    private val thread = HandlerThread("madd-scores").apply { start() }
    private val worker = Handler(thread.looper)

    // Of this thread alone.
    private var model: OpenModel? = null
    private var scorer: FaceScorer? = null
    private var lastShot: Shot? = null
    private var closed = false

    /** Opens the model; [onOpened] hears of it on this stage's thread, and not of a failure. */
    fun open(requested: Backend, onOpened: (ModelContract, UiEvent) -> Unit) {
        worker.post {
            try {
                val opened = OpenModel.open(context, requested)
                model = opened
                val threshold = settings.thresholdFor(opened.contract)
                scorer = FaceScorer(
                    opened.contract, opened.runner, threshold, true, statistics, TraceListener,
                )
                onOpened(opened.contract, UiEvent.ModelReady(opened.info(threshold)))
            } catch (error: Exception) {
                report.tell(eventOf(error, Problem.MODEL))
            } catch (error: LinkageError) {
                report.tell(eventOf(error, Problem.MODEL))
            }
        }
    }

    /** Scores the faces of a frame that waits on the belt. */
    fun score(frame: FrameBelt.Frame<FrameSlot>, boxes: List<Box>) {
        worker.post {
            belt.take(frame)
            var shown = false
            try {
                shown = !closed && scoreNow(frame.slot, boxes)
            } finally {
                belt.finish(frame, shown)
            }
        }
    }

    private fun scoreNow(slot: FrameSlot, boxes: List<Box>): Boolean {
        val opened = model ?: return false
        val scoring = scorer ?: return false
        try {
            val drawn = ArrayList<DrawnFace>()
            val faces = scoring.score(slot.frame(), boxes) { face ->
                drawn.add(DrawnFace(face, opened.attentionMaps()))
            }
            val done = System.nanoTime()
            statistics.record(Stage.TOTAL, done - slot.arrivedAt)
            statistics.frameScored(done)
            val shot = Shot(slot.width, slot.height, slot.mirrored, drawn)
            lastShot = shot
            report.tell(UiEvent.FrameScored(faces), shot)
            return true
        } catch (error: LiteRtException) {
            onBackendFailure(opened, scoring, error)
        } catch (error: RuntimeException) {
            giveUp(error)
        }
        return false
    }

    private fun onBackendFailure(opened: OpenModel, scoring: FaceScorer, error: Exception) {
        try {
            val event = opened.recover(error, settings.thresholdFor(opened.contract))
            scoring.runner = opened.runner
            report.tell(event)
        } catch (none: NoBackendException) {
            giveUp(none)
        }
    }

    private fun giveUp(error: Exception) {
        belt.close()
        report.tell(eventOf(error, Problem.BACKEND))
    }

    /** Forgets tracks and scores. */
    fun reset() {
        worker.post { scorer?.reset() }
    }

    /** Hands a copy of the last scored picture and its faces to the main thread, or nulls. */
    fun snapshot(receive: (Bitmap?, Shot?) -> Unit) {
        worker.post {
            val shot = lastShot
            val picture = if (shot == null) null else belt.shown?.slot?.copy()
            report.post { receive(picture, if (picture == null) null else shot) }
        }
    }

    /** Frees the model and the [slots], after the frame under way; the first stage must be done. */
    fun close(slots: List<FrameSlot>) {
        worker.post {
            closed = true
            model?.close()
            model = null
            scorer = null
            slots.forEach { it.close() }
        }
        thread.quitSafely()
    }
}
