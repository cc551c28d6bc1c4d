package org.kerasmadd.demo.gallery

import android.content.Context
import android.graphics.Bitmap
import android.net.Uri
import android.os.Handler
import android.os.HandlerThread
import android.os.Looper
import com.google.ai.edge.litert.LiteRtException
import java.io.IOException
import org.kerasmadd.core.FaceScorer
import org.kerasmadd.core.Problem
import org.kerasmadd.core.ScoredFace
import org.kerasmadd.core.UiEvent
import org.kerasmadd.demo.R
import org.kerasmadd.demo.Settings
import org.kerasmadd.demo.TraceListener
import org.kerasmadd.demo.faces.StillFaceFinder
import org.kerasmadd.demo.model.OpenModel
import org.kerasmadd.demo.model.problemOf
import org.kerasmadd.demo.ui.AttentionMaps
import org.kerasmadd.demo.ui.DrawnFace
import org.kerasmadd.demo.ui.Shot

/**
 * Scores photos and videos on a thread of its own. What [listener] hears comes on the main thread.
 */
class GalleryScorer(
    private val context: Context,
    private val settings: Settings,
    private val listener: Listener,
) : AutoCloseable {
    /** Hears what comes of it. */
    interface Listener {
        fun onEvent(event: UiEvent)

        /** A frame was scored; the last of a video carries what is to be said of all of it. */
        fun onShot(picture: Bitmap, shot: Shot)

        /** Frame [index] of [count] of a video is under way. */
        fun onProgress(index: Int, count: Int)

        /** Everything that was asked for is done. */
        fun onDone()
    }

    private val thread = HandlerThread("madd-gallery").apply { start() }
    private val worker = Handler(thread.looper)
    private val main = Handler(Looper.getMainLooper())
    private val pictures = Pictures(context)
    private var model: OpenModel? = null
    private var finder: StillFaceFinder? = null

    @Volatile
    private var closed = false

    /** M, the number of attention maps; 0 before the model is ready. */
    @Volatile
    var mapCount = 0
        private set

    /** Of the model file; empty before the model is ready. */
    @Volatile
    var modelSha256 = ""
        private set

    /** Opens the model where it is not open, and scores a photo or a video. */
    fun score(address: Uri) {
        worker.post {
            if (closed) return@post
            try {
                val opened = model ?: open() ?: return@post
                if (pictures.isVideo(address)) {
                    scoreVideo(opened, address)
                } else {
                    scorePhoto(opened, address)
                }
            } catch (error: Exception) {
                failScoring(error)
            } catch (error: LinkageError) {
                failScoring(error)
            }
            main.post { listener.onDone() }
        }
    }

    private fun failScoring(error: Throwable) =
        fail(problemOf(error, if (model == null) Problem.MODEL else Problem.PICTURE), error)

    private fun open(): OpenModel? {
        tell(UiEvent.LoadingStarted)
        val opened = OpenModel.open(context.assets, settings.backend)
        model = opened
        mapCount = opened.contract.numAttentionMaps
        modelSha256 = opened.contract.sha256
        val info = opened.info(settings.thresholdFor(opened.contract))
        if (!opened.selfCheck.passed) {
            tell(UiEvent.SelfCheckFailed(opened.selfCheck, info))
            return null
        }
        finder = StillFaceFinder(context, opened.contract.detector)
        tell(UiEvent.ModelReady(info))
        return opened
    }

    private fun scorePhoto(opened: OpenModel, address: Uri) {
        scoreFrame(opened, scorer(opened, smoothing = false), pictures.photo(address))
    }

    private fun scoreVideo(opened: OpenModel, address: Uri) {
        val scorer = scorer(opened, smoothing = true)
        val read = pictures.videoFrames(address, VIDEO_FRAMES) { index, frame ->
            main.post { listener.onProgress(index, VIDEO_FRAMES) }
            scoreFrame(opened, scorer, frame)
            !closed
        }
        if (read == 0) throw IOException(context.getString(R.string.video_no_frames))
    }

    private fun scorer(opened: OpenModel, smoothing: Boolean) = FaceScorer(
        opened.contract, opened.runner, settings.thresholdFor(opened.contract),
        smoothing = smoothing, listener = TraceListener,
    )

    private fun scoreFrame(opened: OpenModel, scorer: FaceScorer, picture: Bitmap) {
        val boxes = checkNotNull(finder).detect(picture)
        val frame = Pictures.frame(picture)
        val drawn = ArrayList<DrawnFace>()
        val scored = { face: ScoredFace ->
            val maps = opened.runner.attentionMaps
            drawn.add(DrawnFace(face, AttentionMaps.copyOf(maps, opened.contract.numAttentionMaps)))
            Unit
        }
        val faces = try {
            scorer.score(frame, boxes, onScored = scored)
        } catch (error: LiteRtException) {
            val event = opened.recover(error, settings.thresholdFor(opened.contract))
            tell(event)
            if (event is UiEvent.SelfCheckFailed) return
            scorer.runner = opened.runner
            drawn.clear()
            scorer.score(frame, boxes, onScored = scored)
        }
        val shot = Shot(picture.width, picture.height, mirrored = false, drawn)
        main.post {
            listener.onEvent(UiEvent.FrameScored(faces))
            listener.onShot(picture, shot)
        }
    }

    private fun fail(problem: Problem, error: Throwable) =
        tell(UiEvent.Failed(problem, error.message ?: error.javaClass.simpleName))

    private fun tell(event: UiEvent) {
        main.post { listener.onEvent(event) }
    }

    /** Frees everything after the frame under way. Returns at once; call it on the main thread. */
    override fun close() {
        closed = true
        worker.post {
            finder?.close()
            model?.close()
            finder = null
            model = null
            main.removeCallbacksAndMessages(null)
        }
        thread.quitSafely()
    }

    private companion object {
        const val VIDEO_FRAMES = 24
    }
}
