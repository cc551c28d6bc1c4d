package org.kerasmadd.core

/**
 * What is said of a face.
 *
 * @property word as Python calls it; [UNSURE] is said before the first verdict.
 */
enum class Verdict(val word: String) {
    REAL("real"),
    FAKE("fake"),
    UNSURE("unsure"),
    UNCERTAIN("uncertain"),
    NO_TRACE("no trace found"),
}

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
 * @property clearOn in a model with the words "uncertain" and "no trace found", the smoothed
 *   probability down from which no trace was found; else null.
 * @property clearOff the one from which this no longer holds; above [clearOn].
 */
class ScoreSmoother(
    val alpha: Double = DEFAULT_ALPHA,
    val on: Double = 0.55,
    val off: Double = 0.45,
    val minFrames: Int = MIN_FRAMES,
    val clearOn: Double? = null,
    val clearOff: Double? = null,
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
        require(areLevels(clearOn, clearOff)) {
            "`clearOn` and `clearOff` must be from 0 to 1, the first below the second, and neither " +
                "above `off` and `on`; or both null. Received: clearOn=$clearOn, clearOff=$clearOff"
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
            state.verdict = verdict(shown, state.verdict)
        }
        return SmoothedScore(shown, state.verdict, state.frames)
    }

    private fun verdict(shown: Double, before: Verdict): Verdict {
        if (shown >= on) return Verdict.FAKE
        if (clearOn == null || clearOff == null) return if (shown <= off) Verdict.REAL else before
        if (shown <= clearOn) return Verdict.NO_TRACE
        val kept = when (before) {
            Verdict.FAKE -> shown > off
            Verdict.NO_TRACE -> shown < clearOff
            else -> false
        }
        return if (kept) before else Verdict.UNCERTAIN
    }

    private fun areLevels(clearOn: Double?, clearOff: Double?): Boolean {
        if (clearOn == null || clearOff == null) return clearOn == clearOff
        return 0 <= clearOn && clearOn < clearOff && clearOff <= 1 && clearOn <= off && clearOff <= on
    }

    /** Forgets every track, as when the camera changes. */
    fun clear() = states.clear()

    companion object {
        const val DEFAULT_ALPHA = 0.1
        const val MIN_FRAMES = 5
        private const val HALF_BAND = 0.05
        private const val MOST_TRACKS = 64

        /** Returns a smoother whose levels lie about a model's thresholds, 0 to 1. */
        fun forThreshold(
            threshold: Double,
            clearThreshold: Double? = null,
            alpha: Double = DEFAULT_ALPHA,
            minFrames: Int = MIN_FRAMES,
        ) = ScoreSmoother(
            alpha,
            on = above(threshold),
            off = below(threshold),
            minFrames,
            clearOn = clearThreshold?.let(::below),
            clearOff = clearThreshold?.let(::above),
        )

        private fun above(threshold: Double) = minOf(threshold + HALF_BAND, (threshold + 1) / 2)

        private fun below(threshold: Double) = maxOf(threshold - HALF_BAND, threshold / 2)
    }
}
