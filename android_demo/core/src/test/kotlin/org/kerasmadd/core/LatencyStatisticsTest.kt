package org.kerasmadd.core

import java.util.Random
import kotlin.math.ceil
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class LatencyStatisticsTest {
    @Test
    fun `median and 90th percentile are the nearest ranks of the last window`() {
        val random = Random(3)
        for (window in listOf(2, 3, 10, 31)) {
            val statistics = LatencyStatistics(window)
            val all = ArrayList<Long>()
            for (count in 1..80) {
                val nanos = (1 + random.nextInt(1000)) * 1_000_000L
                all.add(nanos)
                statistics.record(Stage.INFER, nanos)
                val last = all.takeLast(window).sorted()
                val found = statistics.latency(Stage.INFER)
                assertEquals(last.size, found.count)
                assertEquals(last[ceil(last.size * 0.5).toInt() - 1] / 1e6, found.medianMillis)
                assertEquals(last[ceil(last.size * 9 / 10.0).toInt() - 1] / 1e6, found.p90Millis)
            }
        }
    }

    @Test
    fun `stages are kept apart and empty ones are 0`() {
        val statistics = LatencyStatistics()
        statistics.record(Stage.CROP, 2_000_000)
        assertEquals(StageLatency(Stage.CROP, 1, 2.0, 2.0), statistics.latency(Stage.CROP))
        assertEquals(StageLatency(Stage.DETECT, 0, 0.0, 0.0), statistics.latency(Stage.DETECT))
    }

    @Test
    fun `frames per second are intervals over their time, in the window`() {
        val statistics = LatencyStatistics(4)
        assertEquals(0.0, statistics.framesPerSecond())
        statistics.frameScored(0)
        assertEquals(0.0, statistics.framesPerSecond())
        statistics.frameScored(100_000_000)
        assertEquals(10.0, statistics.framesPerSecond(), 1e-12)
        for (frame in 1..6) statistics.frameScored(100_000_000L + frame * 40_000_000L)
        assertEquals(25.0, statistics.framesPerSecond(), 1e-12)
        statistics.clear()
        assertEquals(0.0, statistics.framesPerSecond())
        assertEquals(0, statistics.latency(Stage.CROP).count)
        statistics.frameScored(5)
        statistics.frameScored(5)
        assertEquals(0.0, statistics.framesPerSecond())
    }

    @Test
    fun `work is measured, also where it fails`() {
        val statistics = LatencyStatistics()
        assertEquals(7, statistics.measure(Stage.DRAW) { Thread.sleep(3); 7 })
        assertThrows(IllegalStateException::class.java) { statistics.measure(Stage.DRAW) { error("") } }
        val found = statistics.latency(Stage.DRAW)
        assertEquals(2, found.count)
        assertTrue(found.p90Millis >= 3)
    }

    @Test
    fun `a window of one frame is refused`() {
        assertThrows(IllegalArgumentException::class.java) { LatencyStatistics(1) }
    }
}
