package org.kerasmadd.demo.faces

import android.content.Context
import android.graphics.Bitmap
import com.google.mediapipe.framework.image.BitmapImageBuilder
import com.google.mediapipe.framework.image.MPImage
import com.google.mediapipe.tasks.vision.core.RunningMode
import com.google.mediapipe.tasks.vision.facedetector.FaceDetector
import com.google.mediapipe.tasks.vision.facedetector.FaceDetectorResult
import org.kerasmadd.core.Box

/**
 * Finds the faces of a live stream, one frame at a time.
 *
 * Results come on a thread of MediaPipe. The next frame must not be given before the answer to the
 * last one came; MediaPipe would drop it without a word.
 *
 * @param detector `auto`, `short` or `full`, from model.json.
 * @param onFaces receives the time stamp and the faces in pixels.
 * @param onError receives what went wrong with the frame under way.
 */
class LiveFaceFinder(
    context: Context,
    detector: String,
    private val onFaces: (Long, List<Box>) -> Unit,
    private val onError: (RuntimeException) -> Unit,
) : AutoCloseable {
    private val stages = ArrayList<FaceDetector>()

    @Volatile
    private var image: MPImage? = null

    init {
        try {
            faceModels(detector).forEachIndexed { stage, model ->
                val options = faceOptions(model)
                    .setRunningMode(RunningMode.LIVE_STREAM)
                    .setResultListener { result, _ -> found(stage, result) }
                    .setErrorListener { error -> onError(error) }
                    .build()
                stages.add(FaceDetector.createFromOptions(context, options))
            }
        } catch (failure: Throwable) {
            close()
            throw failure
        }
    }

    /**
     * Looks for faces.
     *
     * @param bitmap the upright picture, ARGB_8888; it must not change before the answer.
     * @param timestamp milliseconds, larger than any given before.
     */
    fun detect(bitmap: Bitmap, timestamp: Long) {
        val given = BitmapImageBuilder(bitmap).build()
        image = given
        stages[0].detectAsync(given, timestamp)
    }

    private fun found(stage: Int, result: FaceDetectorResult) {
        val faces = boxes(result.detections())
        val again = if (faces.isEmpty()) stages.getOrNull(stage + 1) else null
        val given = image
        if (again == null || given == null) {
            onFaces(result.timestampMs(), faces)
            return
        }
        try {
            again.detectAsync(given, result.timestampMs())
        } catch (error: RuntimeException) {
            onError(error)
        }
    }

    /** Waits for the frame under way and frees the native memory. */
    override fun close() {
        stages.forEach { it.close() }
        stages.clear()
        image = null
    }
}
