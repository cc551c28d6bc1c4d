package org.kerasmadd.core

/**
 * What the model says of a video.
 *
 * @property frames number of frames that were looked at.
 * @property framesWithFace number of those that have a score.
 * @property face the one to show, with the score and the verdict of the whole video; null where no
 *   frame had a face.
 * @property picture the frame of [face]; without one the first; null without a frame.
 */
class VideoResult<out P : Any>(
    val frames: Int,
    val framesWithFace: Int,
    val face: ScoredFace?,
    val picture: P?,
)

/**
 * Sums up a video: a frame is as fake as its highest face, the video the mean over the frames with a
 * face. The twin of `keras_madd/inference/video.py`.
 *
 * Shown is the frame that pulls the mean most to the side it came out on, as in the browser
 * (`web_demo/src/core/video_result.ts`): the highest of a fake video, the lowest of any other. Two
 * pictures are kept until that is known, never all.
 *
 * @param calibration puts the mean into words.
 */
class VideoScore<P : Any>(private val calibration: Calibration) {
    private class Kept<P>(val face: ScoredFace, val picture: P)

    private var frames = 0
    private var framesWithFace = 0
    private var sum = 0.0
    private var first: P? = null
    private var lowest: Kept<P>? = null
    private var highest: Kept<P>? = null

    /**
     * Takes the next frame.
     *
     * @param faces scored without smoothing; may be empty.
     * @param picture the frame, as it would be shown.
     */
    fun add(faces: List<ScoredFace>, picture: P) {
        if (frames == 0) first = picture
        frames += 1
        val face = faces.maxByOrNull { it.probability } ?: return
        first = null
        framesWithFace += 1
        sum += face.probability
        val low = lowest
        val high = highest
        if (low == null || face.probability < low.face.probability) lowest = Kept(face, picture)
        if (high == null || face.probability > high.face.probability) highest = Kept(face, picture)
    }

    /** Returns what is to be said of the frames so far. */
    fun result(): VideoResult<P> {
        if (framesWithFace == 0) return VideoResult(frames, 0, null, first)
        val mean = sum / framesWithFace
        val verdict = calibration.verdict(mean)
        val heaviest = checkNotNull(if (verdict == Verdict.FAKE) highest else lowest)
        val face = heaviest.face.copy(
            probability = mean, percent = percent(mean, calibration), verdict = verdict,
            frames = framesWithFace,
        )
        return VideoResult(frames, framesWithFace, face, heaviest.picture)
    }
}
