package org.kerasmadd.core

import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonObject
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class ScoreSmootherTest {
    private val golden = Golden.json("smoothing.json").jsonObject

    @Test
    fun `equals Python on every golden vector`() {
        val cases = listOf("cases", "word_cases").flatMap(golden::list).map { it.jsonObject }
        assertTrue(cases.size > 15)
        for (case in cases) assertEquals(emptyList<String>(), differences(case))
    }

    private fun differences(case: JsonObject): List<String> {
        val smoother = ScoreSmoother(
            case.number("alpha"), case.number("on"), case.number("off"), case.int("min_frames"),
            case.numberOrNull("clear_on"), case.numberOrNull("clear_off"),
        )
        return case.list("steps").map { it.jsonObject }.mapNotNull { step ->
            val score = smoother.update(step.int("track"), step.number("probability"))
            val same = Math.abs(score.probability - step.number("smoothed")) <= 1e-12 &&
                score.verdict.word == step.text("verdict") &&
                score.frames == step.int("frames")
            if (same) null else "${case.text("name")}: expected $step, got $score"
        }
    }

    @Test
    fun `the levels about a threshold are Python's`() {
        for (level in listOf("levels", "word_levels").flatMap(golden::list).map { it.jsonObject }) {
            val smoother = ScoreSmoother.forThreshold(
                level.number("threshold"), level.numberOrNull("clear_threshold"),
            )
            assertEquals(level.numberOrNull("clear_on"), smoother.clearOn)
            assertEquals(level.numberOrNull("clear_off"), smoother.clearOff)
            assertEquals(level.number("on"), smoother.on, 1e-15)
            assertEquals(level.number("off"), smoother.off, 1e-15)
        }
    }

    @Test
    fun `a cleared smoother begins anew`() {
        val smoother = ScoreSmoother()
        repeat(9) { smoother.update(0, 0.9) }
        smoother.clear()
        assertEquals(1, smoother.update(0, 0.2).frames)
    }

    @Test
    fun `tracks of long ago are forgotten, those in sight are not`() {
        val smoother = ScoreSmoother()
        smoother.update(0, 0.5)
        smoother.update(1, 0.5)
        for (track in 2..64) {
            smoother.update(0, 0.5)
            smoother.update(track, 0.5)
        }
        assertEquals(65, smoother.update(0, 0.5).frames)
        assertEquals(1, smoother.update(1, 0.5).frames)
    }

    @Test
    fun `refuses settings without meaning`() {
        val calls = listOf(
            { ScoreSmoother(alpha = 0.0) },
            { ScoreSmoother(alpha = 1.1) },
            { ScoreSmoother(on = 0.4, off = 0.4) },
            { ScoreSmoother(on = 1.2) },
            { ScoreSmoother(off = -0.1) },
            { ScoreSmoother(minFrames = 0) },
            { ScoreSmoother(clearOn = 0.2) },
            { ScoreSmoother(clearOn = 0.3, clearOff = 0.2) },
            { ScoreSmoother(clearOn = 0.2, clearOff = 0.7) },
            { ScoreSmoother().update(0, Double.NaN) },
        )
        for (call in calls) assertThrows(IllegalArgumentException::class.java) { call() }
    }
}
