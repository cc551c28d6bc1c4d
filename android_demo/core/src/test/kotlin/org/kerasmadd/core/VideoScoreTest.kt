package org.kerasmadd.core

import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.double
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class VideoScoreTest {
    private val cases = Golden.json("videos.json").jsonArray.map { it.jsonObject }

    private fun face(probability: Double, verdict: Verdict = Verdict.UNSURE) =
        ScoredFace(3, Box(1, 2, 30, 40), CropSquare(0, 0, 50), probability, "", verdict, 1)

    private fun frames(case: JsonObject) =
        case.list("frames").map { frame -> frame.jsonArray.map { face(it.jsonPrimitive.double) } }

    private fun result(case: JsonObject): VideoResult<Int> {
        val threshold = case.number("threshold")
        val score = VideoScore<Int>(Calibration(1.0, threshold, case.numberOrNull("clear_threshold")))
        frames(case).forEachIndexed { index, faces -> score.add(faces, index) }
        return score.result()
    }

    @Test
    fun `equals Python on every golden vector`() {
        assertTrue(cases.size >= 8)
        for (case in cases) {
            val name = case.text("name")
            val result = result(case)
            assertEquals(frames(case).size, result.frames, name)
            assertEquals(case.int("frames_with_face"), result.framesWithFace, name)
            val mean = case.numberOrNull("probability")
            val face = result.face
            if (mean == null) {
                assertNull(face, name)
                continue
            }
            assertEquals(mean, checkNotNull(face).probability, 1e-12, name)
            val thresholds = Calibration(1.0, case.number("threshold"), case.numberOrNull("clear_threshold"))
            assertEquals(percent(mean, thresholds), face.percent, name)
            assertEquals(case.text("verdict"), face.verdict.word, name)
            assertEquals(result.framesWithFace, face.frames, name)
            assertEquals(case.int("heaviest"), result.picture, name)
        }
    }

    @Test
    fun `the golden vectors catch a video that is its last frame, and one that is its first face`() {
        fun wrong(score: (List<List<ScoredFace>>) -> Double?) = cases.filter { case ->
            val (mean, found) = case.numberOrNull("probability") to score(frames(case))
            if (mean == null || found == null) mean != found else Math.abs(mean - found) > 1e-9
        }
        assertTrue(wrong { it.lastOrNull()?.firstOrNull()?.probability }.size >= 5)
        val largest = wrong { frames ->
            val scores = frames.mapNotNull { it.firstOrNull()?.probability }
            if (scores.isEmpty()) null else scores.average()
        }
        assertTrue(largest.isNotEmpty())
    }

    @Test
    fun `a fake video that ends in black stays fake`() {
        val score = VideoScore<String>(Calibration(1.0, 0.5))
        repeat(23) { score.add(listOf(face(0.9, Verdict.FAKE)), "frame $it") }
        score.add(emptyList(), "black")
        val result = score.result()
        assertEquals(listOf(24, 23), listOf(result.frames, result.framesWithFace))
        val shown = checkNotNull(result.face)
        assertEquals(0.9, shown.probability, 1e-12)
        assertEquals(listOf<Any>(Verdict.FAKE, 23), listOf<Any>(shown.verdict, shown.frames))
        assertEquals(face(0.9).box, shown.box)
        assertEquals("frame 0", result.picture)
    }

    @Test
    fun `only without a face in any frame there is none, and the first frame is shown`() {
        val score = VideoScore<String>(Calibration(1.0, 0.5))
        assertNull(score.result().picture)
        score.add(emptyList(), "first")
        score.add(emptyList(), "second")
        val result = score.result()
        assertNull(result.face)
        assertEquals(listOf(2, 0), listOf(result.frames, result.framesWithFace))
        assertEquals("first", result.picture)
    }
}
