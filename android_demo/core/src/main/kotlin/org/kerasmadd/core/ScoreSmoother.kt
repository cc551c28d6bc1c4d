package org.kerasmadd.core

/** What is said of a face. */
enum class Verdict { REAL, FAKE, UNSURE }

/**
 * A track's score after an observation.
 *
 * @property probability smoothed probability of being fake, 0 to 1.
 * @property verdict [Verdict.UNSURE] until enough frames were seen.
 * @property frames number of observations of the track so far.
 */
data class SmoothedScore(val probability: Double, val verdict: Verdict, val frames: Int)

/**
 * Smooths the scores of tracked faces: exponentially, in log-odds, with hysteresis. The twin of
 * `keras_madd/inference/smoothing.py`, where the arithmetic is written out.
 *
 * @property alpha weight of a new observation once the mean has settled, above 0 and at most 1.
 * @property on smoothed probability from which a face is called fake.
 * @property off smoothed probability down from which it is called real; below [on].
 * @property minFrames observations before the first verdict.
 */
class ScoreSmoother(
    val alpha: Double = DEFAULT_ALPHA,
    val on: Double = 0.55,
    val off: Double = 0.45,
    val minFrames: Int = MIN_FRAMES,
) {
    private class State(var frames: Int = 0, var logOdds: Double = 0.0, var verdict: Verdict = Verdict.UNSURE)

    // In the order in which tracks were last seen.
    private val states = object : LinkedHashMap<Int, State>(16, 0.75f, true) {
        override fun removeEldestEntry(eldest: Map.Entry<Int, State>?) = size > MOST_TRACKS
    }

    init {
        require(alpha > 0 && alpha <= 1) {
            "`alpha` must be above 0 and at most 1. Received: alpha=$alpha"
        }
        require(0 <= off && off < on && on <= 1) {
            "`off` and `on` must be from 0 to 1 and `off` the smaller. Received: on=$on, off=$off"
        }
        require(minFrames >= 1) { "`minFrames` must be 1 or more. Received: minFrames=$minFrames" }
    }

    /**
     * Takes one observation.
     *
     * @param track the track's number.
     * @param probability calibrated probability of being fake, 0 to 1.
     * @throws IllegalArgumentException where the probability is not from 0 to 1.
     */
    fun update(track: Int, probability: Double): SmoothedScore {
        val observed = Calibration.logOdds(probability)
        val state = states.getOrPut(track) { State() }
        state.frames += 1
        state.logOdds += maxOf(alpha, 1.0 / state.frames) * (observed - state.logOdds)
        val shown = Calibration.sigmoid(state.logOdds)
        if (state.frames >= minFrames) {
            if (shown >= on) {
                state.verdict = Verdict.FAKE
            } else if (shown <= off) {
                state.verdict = Verdict.REAL
            }
        }
        return SmoothedScore(shown, state.verdict, state.frames)
    }

    /** Forgets every track, as when the camera changes. */
    fun clear() = states.clear()

    companion object {
        const val DEFAULT_ALPHA = 0.1
        const val MIN_FRAMES = 5
        private const val HALF_BAND = 0.05
        private const val MOST_TRACKS = 64

        /** Returns a smoother whose two levels lie about a threshold, 0 to 1. */
        fun forThreshold(
            threshold: Double,
            alpha: Double = DEFAULT_ALPHA,
            minFrames: Int = MIN_FRAMES,
        ) = ScoreSmoother(
            alpha,
            on = minOf(threshold + HALF_BAND, (threshold + 1) / 2),
            off = maxOf(threshold - HALF_BAND, threshold / 2),
            minFrames,
        )
    }
}
