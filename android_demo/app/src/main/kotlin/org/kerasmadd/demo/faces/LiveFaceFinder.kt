package org.kerasmadd.demo.faces

import android.content.Context
import android.graphics.Bitmap
import com.google.mediapipe.framework.image.BitmapImageBuilder
import com.google.mediapipe.framework.image.MPImage
import com.google.mediapipe.tasks.vision.core.RunningMode
import com.google.mediapipe.tasks.vision.facedetector.FaceDetector
import com.google.mediapipe.tasks.vision.facedetector.FaceDetectorResult
import org.kerasmadd.core.Box
import org.kerasmadd.core.FaceModel
import org.kerasmadd.core.FaceModelChoice

/**
 * Finds the faces of a live stream, one frame at a time.
 *
 * Results come on a thread of MediaPipe. The next frame must not be given before the answer to the
 * last one came; MediaPipe would drop it without a word.
 *
 * @param detector `auto`, `short` or `full`, from model.json.
 * @param onFaces receives the number of the frame and the faces in pixels.
 * @param onError receives what went wrong with the frame under way.
 */
class LiveFaceFinder(
    context: Context,
    detector: String,
    private val onFaces: (Long, List<Box>) -> Unit,
    private val onError: (RuntimeException) -> Unit,
) : AutoCloseable {
    private val models = faceModels(detector)
    private val open = HashMap<FaceModel, FaceDetector>()

    // Only with `auto` are there two models to choose from.
    private var choice = newChoice()

    // One thread gives frames; on another, MediaPipe's, come the answers.
    @Volatile
    private var underWay: Frame? = null

    init {
        try {
            for (model in models) {
                val options = faceOptions(model)
                    .setRunningMode(RunningMode.LIVE_STREAM)
                    .setResultListener { result, _ -> found(model, result) }
                    .setErrorListener { error -> onError(error) }
                    .build()
                open[model] = FaceDetector.createFromOptions(context, options)
            }
        } catch (failure: Throwable) {
            close()
            throw failure
        }
    }

    /**
     * Looks for faces.
     *
     * @param number of the frame, for the answer.
     * @param bitmap the upright picture, ARGB_8888; it must not change before the answer.
     * @param timestamp milliseconds, larger than any given before.
     */
    fun detect(number: Long, bitmap: Bitmap, timestamp: Long) {
        val given = BitmapImageBuilder(bitmap).build()
        val frame = Frame(number, given, choice?.models ?: models, choice)
        underWay = frame
        open.getValue(frame.order.first()).detectAsync(given, timestamp)
    }

    /** Forgets which model was chosen, as when another camera is chosen. */
    fun reset() {
        choice = newChoice()
    }

    private fun newChoice() = if (models.size > 1) FaceModelChoice() else null

    private fun found(model: FaceModel, result: FaceDetectorResult) {
        val faces = boxes(result.detections())
        val frame = underWay ?: return
        val next = if (faces.isEmpty()) frame.after(model) else null
        val again = next?.let { open[it] }
        if (again == null) {
            frame.choice?.update(if (faces.isEmpty()) null else model)
            onFaces(frame.number, faces)
            return
        }
        try {
            again.detectAsync(frame.image, result.timestampMs())
        } catch (error: RuntimeException) {
            onError(error)
        }
    }

    /** Waits for the frame under way and frees the native memory. */
    override fun close() {
        open.values.forEach { it.close() }
        open.clear()
        underWay = null
    }

    private class Frame(
        val number: Long,
        val image: MPImage,
        val order: List<FaceModel>,
        val choice: FaceModelChoice?,
    ) {
        fun after(model: FaceModel) = order.getOrNull(order.indexOf(model) + 1)
    }
}
