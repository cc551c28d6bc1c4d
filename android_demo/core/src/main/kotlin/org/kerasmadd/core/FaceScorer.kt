package org.kerasmadd.core

/** A model that is open on some back end. */
interface ModelRunner : AutoCloseable {
    /**
     * Runs the model on a crop.
     *
     * @param rgb `size * size * 3` unsigned bytes; owned by the caller, who overwrites them.
     * @return the network's own probability of being fake, not calibrated.
     */
    fun run(rgb: ByteArray): Float

    /**
     * Attention maps of the last [run], `height * width * M` floats with M innermost, or null where
     * the model has none; overwritten by the next run.
     */
    val attentionMaps: FloatArray?
}

/**
 * A face and what the model says of it.
 *
 * @property track lasting number of the face in this session.
 * @property box detected face in pixels of the upright picture.
 * @property square what the model saw.
 * @property probability smoothed, calibrated probability of being fake, 0 to 1.
 * @property percent the same, to show beside the thresholds.
 * @property verdict what to say.
 * @property frames number of frames the score rests on.
 */
data class ScoredFace(
    val track: Int,
    val box: Box,
    val square: CropSquare,
    val probability: Double,
    val percent: String,
    val verdict: Verdict,
    val frames: Int,
)

/**
 * From the detected boxes of a frame to scored faces: track, crop, run, calibrate, smooth.
 *
 * One thread at a time may use it. It does not own the runner.
 *
 * @param contract of the model.
 * @param runner the open model; may be replaced when a back end fails.
 * @param threshold calibrated probability from which a face is called fake; by default the model's.
 * @param smoothing false for photographs and the frames of a file: no tracking, a verdict at once.
 * @param statistics receives the times of cropping and inference.
 * @param listener hears of both, for traces.
 */
class FaceScorer(
    private val contract: ModelContract,
    var runner: ModelRunner,
    threshold: Double = contract.calibration.threshold,
    private val smoothing: Boolean = true,
    private val statistics: LatencyStatistics? = null,
    private val listener: StageListener? = null,
) {
    private val calibration = contract.calibration.withThreshold(threshold)
    private val cropper = FaceCropper(contract.inputHeight)
    private val crop = ByteArray(cropper.valueCount)
    private val tracker = FaceTracker()
    private val smoother = ScoreSmoother.forThreshold(threshold, calibration.clearThreshold)

    /**
     * Scores the faces of a frame, largest first, at most [maxFaces].
     *
     * @param frame the picture.
     * @param boxes detected faces in pixels of the upright picture.
     * @param maxFaces faces beyond that are left out.
     * @param onScored called after each face, while the runner still holds its attention maps.
     * @throws IllegalArgumentException where the runner gives something that is no probability.
     */
    fun score(
        frame: RgbaFrame,
        boxes: List<Box>,
        maxFaces: Int = 4,
        onScored: (ScoredFace) -> Unit = {},
    ): List<ScoredFace> {
        val largestFirst = boxes.sortedByDescending { it.width.toLong() * it.height }
        val tracks =
            if (smoothing) tracker.update(largestFirst) else largestFirst.indices.toList()
        val scored = ArrayList<ScoredFace>()
        for ((index, box) in largestFirst.withIndex()) {
            if (scored.size == maxFaces) break
            val square = CropSquare.about(box, contract.cropMargin)
            val geometry = frame.geometry
            if (!square.touches(geometry.uprightWidth, geometry.uprightHeight)) continue
            val face = scoreOne(frame, box, square, tracks[index])
            scored.add(face)
            onScored(face)
        }
        return scored
    }

    private fun scoreOne(frame: RgbaFrame, box: Box, square: CropSquare, track: Int): ScoredFace {
        timed(Stage.CROP) { cropper.crop(frame, box, contract.cropMargin, crop) }
        val raw = timed(Stage.INFER) { runner.run(crop) }.toDouble()
        require(raw.isFinite()) { "The model gives a score that is no number. Received: score=$raw" }
        // Whole numbers of 8 bits may stand for a little more than 1, or less than 0.
        val probability = calibration.calibrate(raw.coerceIn(0.0, 1.0))
        val score = if (smoothing) smoother.update(track, probability) else verdictAtOnce(probability)
        val percent = percent(score.probability, calibration)
        return ScoredFace(track, box, square, score.probability, percent, score.verdict, score.frames)
    }

    private fun verdictAtOnce(probability: Double) =
        SmoothedScore(probability, calibration.verdict(probability), 1)

    private inline fun <T> timed(stage: Stage, work: () -> T): T {
        listener?.begin(stage)
        try {
            return if (statistics == null) work() else statistics.measure(stage, work)
        } finally {
            listener?.end(stage)
        }
    }

    /** Forgets tracks and smoothed scores, as when the camera changes. */
    fun reset() {
        tracker.clear()
        smoother.clear()
    }
}
