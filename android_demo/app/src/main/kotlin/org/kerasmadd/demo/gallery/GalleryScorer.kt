package org.kerasmadd.demo.gallery

import android.content.Context
import android.graphics.Bitmap
import android.net.Uri
import android.os.Handler
import android.os.HandlerThread
import android.os.Looper
import com.google.ai.edge.litert.LiteRtException
import java.io.IOException
import org.kerasmadd.core.Box
import org.kerasmadd.core.FaceModelChoice
import org.kerasmadd.core.FaceScorer
import org.kerasmadd.core.Problem
import org.kerasmadd.core.ScoredFace
import org.kerasmadd.core.UiEvent
import org.kerasmadd.core.VideoScore
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

        /** A photo was scored, or all of a video: then this is the frame that weighs most. */
        fun onShot(picture: Bitmap, shot: Shot)

        /** Frame [index] of [count] of a video is under way. */
        fun onProgress(index: Int, count: Int)

        /** Of [frames] frames of a video [withFace] had a face; its score is the mean over those. */
        fun onVideo(withFace: Int, frames: Int)

        /** Everything that was asked for is done. */
        fun onDone()
    }

    private val thread = HandlerThread("madd-gallery").apply { start() }
    private val worker = Handler(thread.looper)
    private val main = Handler(Looper.getMainLooper())
    private val pictures = Pictures(context)
    private var model: OpenModel? = null
    private var finder: StillFaceFinder? = null

    // What a failure that does not tell is the failure of.
    private var doing = Problem.MODEL

    @Volatile
    private var closed = false

    /** Opens the model where it is not open, and scores a photo or a video. */
    fun score(address: Uri) {
        worker.post {
            if (closed) return@post
            try {
                val opened = model ?: open()
                doing = Problem.PICTURE
                if (pictures.isVideo(address)) {
                    scoreVideo(opened, address)
                } else {
                    scorePhoto(opened, address)
                }
            } catch (error: Exception) {
                failScoring(error)
            } catch (error: LinkageError) {
                failScoring(error)
            } catch (error: OutOfMemoryError) {
                // Pixels that are cropped lie on Java's heap, which a large photo may not fit into.
                val problem = if (doing == Problem.MODEL) doing else Problem.PICTURE
                tell(UiEvent.Failed(problem, context.getString(R.string.memory_short)))
            }
            report { onDone() }
        }
    }

    private fun failScoring(error: Throwable) = tell(eventOf(error, doing))

    private fun open(): OpenModel {
        doing = Problem.MODEL
        tell(UiEvent.LoadingStarted)
        val opened = OpenModel.open(context, settings.backend)
        model = opened
        finder = StillFaceFinder(context, opened.contract.detector)
        tell(UiEvent.ModelReady(opened.info(settings.thresholdFor(opened.contract))))
        return opened
    }

    private fun scorePhoto(opened: OpenModel, address: Uri) {
        val picture = pictures.photo(address)
        val faces = find { it.detectInParts(picture) { !closed } }
        show(picture, scoreFrame(opened, scorer(opened), picture, faces, maxFaces = faces.size))
    }

    private fun scoreVideo(opened: OpenModel, address: Uri) {
        val choice = chooseFaceModel(address)
        val scorer = scorer(opened)
        val threshold = settings.thresholdFor(opened.contract)
        val score = VideoScore<VideoFrame>(opened.contract.calibration.withThreshold(threshold))
        pictures.videoFrames(address, VIDEO_FRAMES) { index, count, picture ->
            report { onProgress(index, count) }
            val largest = scoreFrame(opened, scorer, picture, find { it.detect(picture, choice) }, maxFaces = 1)
            score.add(largest.map { it.face }, VideoFrame(picture, largest.firstOrNull()?.maps))
            !closed
        }
        val result = score.result()
        val frame = result.picture ?: throw IOException(context.getString(R.string.video_no_frames))
        show(frame.picture, listOfNotNull(result.face?.let { DrawnFace(it, frame.maps) }))
        report { onVideo(result.framesWithFace, result.frames) }
    }

    /** One face model for the whole video, or null: two that take turns would make scores jump. */
    private fun chooseFaceModel(address: Uri): FaceModelChoice? {
        val choice = checkNotNull(finder).newChoice() ?: return null
        pictures.videoFrames(address, CHOSEN_ON) { _, _, picture ->
            find { it.detect(picture, choice) }
            !closed && !choice.isFull
        }
        choice.settle()
        return choice
    }

    private fun scorer(opened: OpenModel) = FaceScorer(
        opened.contract, opened.runner, settings.thresholdFor(opened.contract),
        smoothing = false, listener = TraceListener,
    )

    private fun find(search: (StillFaceFinder) -> List<Box>): List<Box> {
        doing = Problem.DETECTOR
        return search(checkNotNull(finder))
    }

    private fun scoreFrame(
        opened: OpenModel,
        scorer: FaceScorer,
        picture: Bitmap,
        boxes: List<Box>,
        maxFaces: Int,
    ): List<DrawnFace> {
        // A copy of the pixels is large, and no face needs it.
        if (boxes.isEmpty()) return emptyList()
        doing = Problem.BACKEND
        val frame = Pictures.frame(picture)
        val drawn = ArrayList<DrawnFace>()
        val scored = { face: ScoredFace ->
            drawn.add(DrawnFace(face, opened.attentionMaps()))
            Unit
        }
        try {
            scorer.score(frame, boxes, maxFaces, scored)
        } catch (error: LiteRtException) {
            tell(opened.recover(error, settings.thresholdFor(opened.contract)))
            scorer.runner = opened.runner
            drawn.clear()
            scorer.score(frame, boxes, maxFaces, scored)
        }
        return drawn
    }

    private fun show(picture: Bitmap, drawn: List<DrawnFace>) {
        val shot = Shot(picture.width, picture.height, mirrored = false, drawn)
        report {
            onEvent(UiEvent.FrameScored(drawn.map { it.face }))
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

    private class VideoFrame(val picture: Bitmap, val maps: AttentionMaps?)

    private companion object {
        const val VIDEO_FRAMES = 24

        /** Frames, spread over a video, on which a face model is chosen, as on the desktop. */
        const val CHOSEN_ON = 8
    }
}
