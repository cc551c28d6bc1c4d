package org.kerasmadd.demo.faces

import android.content.Context
import android.graphics.Bitmap
import com.google.mediapipe.framework.image.BitmapImageBuilder
import com.google.mediapipe.tasks.components.containers.Detection
import com.google.mediapipe.tasks.vision.core.RunningMode
import com.google.mediapipe.tasks.vision.facedetector.FaceDetector
import org.kerasmadd.core.Box
import org.kerasmadd.core.FaceModel
import org.kerasmadd.core.FaceModelChoice
import org.kerasmadd.core.PictureParts

/**
 * Finds the faces of single pictures, as the Python package does it. One thread at a time.
 *
 * @param detector `auto`, `short` or `full`, from model.json.
 */
class StillFaceFinder(private val context: Context, detector: String) : AutoCloseable {
    private val models = faceModels(detector)
    private val open = HashMap<FaceModel, FaceDetector>()

    /** Returns the choice of a model for one video, or null where there is nothing to choose. */
    fun newChoice(): FaceModelChoice? = if (models.size > 1) FaceModelChoice(maxMissed = null) else null

    /**
     * Returns the faces in pixels of an upright ARGB_8888 picture.
     *
     * @param choice of the video that the picture is from; it is told what came of it.
     */
    fun detect(bitmap: Bitmap, choice: FaceModelChoice? = null): List<Box> {
        for (model in choice?.models ?: models) {
            val faces = boxes(run(model, bitmap))
            if (faces.isEmpty()) continue
            choice?.update(model)
            return faces
        }
        choice?.update(null)
        return emptyList()
    }

    /**
     * As [detect], of a photo: a large one without a large face is searched in parts, too.
     *
     * @param goesOn is asked before each part; what was found so far counts.
     */
    fun detectInParts(bitmap: Bitmap, goesOn: () -> Boolean): List<Box> {
        val found = detect(bitmap)
        // The short-range model is not made for small faces.
        if (FaceModel.FULL !in models) return found
        return found + PictureParts.further(bitmap.width, bitmap.height, found) { (x, y, width, height) ->
            if (!goesOn()) return@further emptyList()
            val part = Bitmap.createBitmap(bitmap, x, y, width, height)
            faces(run(FaceModel.FULL, part)).also { part.recycle() }
        }
    }

    private fun run(model: FaceModel, bitmap: Bitmap): List<Detection> {
        val detector = open.getOrPut(model) {
            val options = faceOptions(model).setRunningMode(RunningMode.IMAGE).build()
            FaceDetector.createFromOptions(context, options)
        }
        return detector.detect(BitmapImageBuilder(bitmap).build()).detections()
    }

    override fun close() {
        open.values.forEach { it.close() }
        open.clear()
    }
}
