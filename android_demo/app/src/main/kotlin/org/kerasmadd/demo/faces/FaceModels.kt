package org.kerasmadd.demo.faces

import com.google.mediapipe.tasks.components.containers.Detection
import com.google.mediapipe.tasks.core.BaseOptions
import com.google.mediapipe.tasks.vision.facedetector.FaceDetector.FaceDetectorOptions
import org.kerasmadd.core.Box
import org.kerasmadd.core.FaceModel
import org.kerasmadd.core.FoundFace

/** The BlazeFace models, byte for byte those of the Python package: Gradle copies them. */
private val FaceModel.asset: String
    get() = when (this) {
        FaceModel.SHORT -> "faces/face_detection_short_range.tflite"
        FaceModel.FULL -> "faces/face_detection_full_range_sparse.tflite"
    }

/** The models to try for `detector` of model.json, in order, as `keras_madd.faces` does it. */
internal fun faceModels(detector: String): List<FaceModel> = when (detector) {
    "short" -> listOf(FaceModel.SHORT)
    "full" -> listOf(FaceModel.FULL)
    "auto" -> listOf(FaceModel.SHORT, FaceModel.FULL)
    else -> throw IllegalArgumentException(
        "`detector` must be auto, short or full. Received: detector=$detector",
    )
}

/** Options that both ways of detecting share; the confidence is the Python package's. */
internal fun faceOptions(model: FaceModel): FaceDetectorOptions.Builder =
    FaceDetectorOptions.builder()
        .setBaseOptions(BaseOptions.builder().setModelAssetPath(model.asset).build())
        .setMinDetectionConfidence(0.5f)

/** The boxes of detections in whole pixels; MediaPipe gives whole pixels as floats. */
internal fun boxes(detections: List<Detection>): List<Box> = faces(detections).map { it.box }

/** As [boxes], with the detector's confidence. */
internal fun faces(detections: List<Detection>): List<FoundFace> = detections.mapNotNull { detection ->
    val found = detection.boundingBox()
    val (width, height) = found.width().toInt() to found.height().toInt()
    if (width <= 0 || height <= 0) return@mapNotNull null
    val box = Box(found.left.toInt(), found.top.toInt(), width, height)
    FoundFace(box, detection.categories().first().score())
}
