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
import org.kerasmadd.demo.model.eventOf
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

    /** Opens the model where it is not open, and scores a photo or a video. */
    fun score(address: Uri) {
        worker.post {
            if (closed) return@post
            try {
                val opened = model ?: open()
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
            report { onDone() }
        }
    }

    private fun failScoring(error: Throwable) =
        tell(eventOf(error, if (model == null) Problem.MODEL else Problem.PICTURE))

    private fun open(): OpenModel {
        tell(UiEvent.LoadingStarted)
        val opened = OpenModel.open(context, settings.backend)
        model = opened
        finder = StillFaceFinder(context, opened.contract.detector)
        tell(UiEvent.ModelReady(opened.info(settings.thresholdFor(opened.contract))))
        return opened
    }

    private fun scorePhoto(opened: OpenModel, address: Uri) {
        scoreFrame(opened, scorer(opened, smoothing = false), pictures.photo(address))
    }

    private fun scoreVideo(opened: OpenModel, address: Uri) {
        val scorer = scorer(opened, smoothing = true)
        val read = pictures.videoFrames(address, VIDEO_FRAMES) { index, frame ->
            report { onProgress(index, VIDEO_FRAMES) }
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
            tell(opened.recover(error, settings.thresholdFor(opened.contract)))
            scorer.runner = opened.runner
            drawn.clear()
            scorer.score(frame, boxes, onScored = scored)
        }
        val shot = Shot(picture.width, picture.height, mirrored = false, drawn)
        report {
            onEvent(UiEvent.FrameScored(faces))
            onShot(picture, shot)
        }
    }

    private fun tell(event: UiEvent) = report { onEvent(event) }

    /** Tells the main thread; what was interrupted by [close] is not done, and is not told. */
    private fun report(what: Listener.() -> Unit) {
        main.post { if (!closed) listener.what() }
    }

    /** Frees everything after the frame under way. Returns at once; call it on the main thread. */
    override fun close() {
        closed = true
        worker.post {
            finder?.close()
            model?.close()
            finder = null
            model = null
        }
        thread.quitSafely()
    }

    private companion object {
        const val VIDEO_FRAMES = 24
    }
}
