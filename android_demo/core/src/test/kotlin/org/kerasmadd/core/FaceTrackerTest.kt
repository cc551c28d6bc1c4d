package org.kerasmadd.core

import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.int
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class FaceTrackerTest {
    @Test
    fun `equals Python on every golden vector`() {
        val cases = Golden.json("tracks.json").jsonArray.map { it.jsonObject }
        assertTrue(cases.size >= 8)
        for (case in cases) {
            val tracker = FaceTracker(case.number("min_iou"), case.int("max_missed"))
            case.list("updates").map { it.jsonObject }.forEachIndexed { step, update ->
                val boxes = update.list("boxes").map { box ->
                    box.jsonArray.map { it.jsonPrimitive.int }.toBox()
                }
                assertEquals(update.ints("tracks"), tracker.update(boxes), "${case.text("name")}, $step")
            }
        }
    }

    @Test
    fun `overlap is 1 for equal boxes, 0 for apart or touching ones`() {
        val box = Box(-3, 5, 40, 30)
        assertEquals(1.0, FaceTracker.overlap(box, box))
        assertEquals(0.0, FaceTracker.overlap(box, Box(37, 5, 10, 10)))
        assertEquals(0.0, FaceTracker.overlap(box, Box(0, 100, 10, 10)))
        assertEquals(1.0 / 7, FaceTracker.overlap(Box(0, 0, 2, 2), Box(1, 1, 2, 2)), 1e-15)
        val large = Box(0, 0, 60_000, 60_000)
        assertEquals(1.0, FaceTracker.overlap(large, large))
    }

    @Test
    fun `numbers are not used again after clearing`() {
        val tracker = FaceTracker()
        val boxes = listOf(Box(0, 0, 9, 9))
        assertEquals(listOf(0), tracker.update(boxes))
        tracker.clear()
        assertEquals(listOf(1), tracker.update(boxes))
    }

    @Test
    fun `refuses settings without meaning`() {
        assertThrows(IllegalArgumentException::class.java) { FaceTracker(minIou = 0.0) }
        assertThrows(IllegalArgumentException::class.java) { FaceTracker(minIou = 1.1) }
        assertThrows(IllegalArgumentException::class.java) { FaceTracker(maxMissed = -1) }
    }
}
