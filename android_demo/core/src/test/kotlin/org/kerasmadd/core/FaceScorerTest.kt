package org.kerasmadd.core

import java.util.Random
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class FaceScorerTest {
    private class Runner(var answer: (ByteArray) -> Float) : ModelRunner {
        override val attentionMaps: FloatArray? = null

        override fun run(rgb: ByteArray) = answer(rgb)

        override fun close() = Unit
    }

    private val contract = ModelContract.parse(modelJson())
    private val picture = Picture.random(80, 60, Random(2))
    private val frame = picture.frame(rotation = 90, padding = 16)

    @Test
    fun `the model sees the crops, largest face first`() {
        val seen = ArrayList<ByteArray>()
        val statistics = LatencyStatistics()
        val runner = Runner { seen.add(it.copyOf()); 0.5f }
        val scorer = FaceScorer(contract, runner, statistics = statistics)
        val small = Box(5, 5, 10, 12)
        val large = Box(30, 20, 25, 20)
        val order = ArrayList<Box>()
        val faces = scorer.score(frame, listOf(small, large)) { order.add(it.box) }
        assertEquals(listOf(large, small), faces.map { it.box })
        assertEquals(listOf(large, small), order)
        assertEquals(listOf(0, 1), faces.map { it.track })
        for ((box, crop) in listOf(large, small).zip(seen)) {
            assertArrayEquals(PlainCrop().crop(frame, box, 1.3, 16), crop)
        }
        assertEquals(CropSquare.about(large, 1.3), faces[0].square)
        assertEquals(2, statistics.latency(Stage.CROP).count)
        assertEquals(2, statistics.latency(Stage.INFER).count)
    }

    @Test
    fun `scores are calibrated, then smoothed, with the verdict's levels about the threshold`() {
        val scorer = FaceScorer(contract, Runner { 0.9f })
        val shown = Calibration(1.5, 0.4).calibrate(0.9f.toDouble())
        val faces = List(5) { scorer.score(frame, listOf(Box(10, 10, 20, 20))).single() }
        for ((index, face) in faces.withIndex()) {
            assertEquals(shown, face.probability, 1e-12)
            assertEquals(percent(face.probability, contract.calibration), face.percent)
            assertEquals(index + 1, face.frames)
        }
        assertEquals(4 * listOf(Verdict.UNSURE) + Verdict.FAKE, faces.map { it.verdict })
        val strict = FaceScorer(contract, Runner { 0.9f }, threshold = 0.95)
        val verdicts = List(5) { strict.score(frame, listOf(Box(10, 10, 20, 20))).single().verdict }
        assertEquals(Verdict.REAL, verdicts.last())
    }

    private operator fun Int.times(list: List<Verdict>) = List(this) { list[0] }

    @Test
    fun `photographs get a verdict at once and leave no trace`() {
        var answer = 0.9f
        val scorer = FaceScorer(contract, Runner { answer }, smoothing = false)
        val boxes = listOf(Box(10, 10, 20, 20), Box(40, 10, 19, 19))
        val fake = scorer.score(frame, boxes)
        assertEquals(listOf(0, 1), fake.map { it.track })
        assertTrue(fake.all { it.verdict == Verdict.FAKE && it.frames == 1 })
        answer = 0.1f
        val real = scorer.score(frame, boxes)
        assertTrue(real.all { it.verdict == Verdict.REAL && it.frames == 1 })
    }

    @Test
    fun `faces outside the picture are left out, and those beyond the limit`() {
        val scorer = FaceScorer(contract, Runner { 0.5f })
        val outside = Box(500, 500, 90, 90)
        val boxes = listOf(outside) + List(6) { Box(10 * it, 10, 9, 9) }
        val faces = scorer.score(frame, boxes, maxFaces = 3)
        assertEquals(listOf(0, 10, 20), faces.map { it.box.x })
        assertEquals(emptyList<ScoredFace>(), scorer.score(frame, listOf(outside)))
        assertEquals(emptyList<ScoredFace>(), scorer.score(frame, emptyList()))
    }

    @Test
    fun `after a reset faces are new`() {
        val scorer = FaceScorer(contract, Runner { 0.5f })
        val boxes = listOf(Box(10, 10, 20, 20))
        repeat(3) { scorer.score(frame, boxes) }
        scorer.reset()
        val face = scorer.score(frame, boxes).single()
        assertEquals(1, face.frames)
        assertEquals(1, face.track)
    }

    @Test
    fun `what lies a little beyond 0 and 1 is clipped, as on a desktop`() {
        fun shown(raw: Float) = FaceScorer(contract, Runner { raw }, smoothing = false)
            .score(frame, listOf(Box(1, 1, 9, 9))).single().probability
        assertEquals(shown(1f), shown(1.004f))
        assertEquals(shown(0f), shown(-0.004f))
        assertTrue(shown(0f) < shown(0.004f) && shown(0.996f) < shown(1f))
    }

    @Test
    fun `a runner that gives no probability is not shown, and may be replaced`() {
        val scorer = FaceScorer(contract, Runner { Float.NaN })
        for (none in listOf(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY)) {
            scorer.runner = Runner { none }
            assertThrows(IllegalArgumentException::class.java) {
                scorer.score(frame, listOf(Box(1, 1, 9, 9)))
            }
        }
        scorer.runner = Runner { 0.5f }
        assertEquals(1, scorer.score(frame, listOf(Box(1, 1, 9, 9))).size)
    }
}
