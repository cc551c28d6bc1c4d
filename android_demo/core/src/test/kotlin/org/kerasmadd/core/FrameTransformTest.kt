package org.kerasmadd.core

import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class FrameTransformTest {
    private val cases: List<JsonObject> = Golden.json("transforms.json").jsonArray.map { it.jsonObject }

    private fun view(case: JsonObject): ViewGeometry {
        val size = case.ints("view_size")
        val scale = ScaleMode.valueOf(case.text("scale"))
        return ViewGeometry(size[0], size[1], scale, case.truth("mirrored"))
    }

    @Test
    fun `every mirror and scale lands where Python says`() {
        assertEquals(64, cases.size)
        for (case in cases) {
            val name = case.text("name")
            val (width, height) = case.ints("upright_size")
            val transform = FrameTransform.uprightToView(width, height, view(case))
            for (point in case.list("points").map { it.jsonObject }) {
                val (u, v) = point.numbers("upright")
                val (a, b) = point.numbers("view")
                assertEquals(a, transform.mapX(u, v), 1e-9, name)
                assertEquals(b, transform.mapY(u, v), 1e-9, name)
            }
            val drawn = transform.map(case.box("box"))
            val expected = case.numbers("box_in_view").map { it.toFloat() }
            assertArrayEquals(
                expected.toFloatArray(),
                floatArrayOf(drawn.left, drawn.top, drawn.right, drawn.bottom),
                1e-3f,
                name,
            )
        }
    }

    @Test
    fun `the upright size is what Python says, for every rotation and crop`() {
        for (case in cases) {
            val (width, height) = case.ints("buffer_size")
            val frame = FrameGeometry(width, height, case.int("rotation"), case.box("crop"))
            assertEquals(
                case.ints("upright_size"), listOf(frame.uprightWidth, frame.uprightHeight), case.text("name"),
            )
        }
    }

    @Test
    fun `mirroring exchanges left and right of what is drawn and nothing else`() {
        val view = ViewGeometry(1080, 1920)
        val box = Box(100, 200, 50, 80)
        val one = FrameTransform.uprightToView(480, 640, view).map(box)
        val other = FrameTransform.uprightToView(480, 640, view.copy(mirrored = true)).map(box)
        assertEquals(one.top, other.top)
        assertEquals(1080 - one.right, other.left, 1e-3f)
        assertEquals(one.right - one.left, other.right - other.left, 1e-3f)
    }

    @Test
    fun `the matrix for Android holds the six values row by row`() {
        val transform = AffineTransform(1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
        assertArrayEquals(floatArrayOf(1f, 2f, 3f, 4f, 5f, 6f, 0f, 0f, 1f), transform.matrixValues())
    }

    @Test
    fun `refuses what has no meaning`() {
        val calls = listOf(
            "`rotationDegrees` must be 0, 90, 180 or 270" to { FrameGeometry(4, 4, 45) },
            "`width` and `height` must be positive" to { FrameGeometry(0, 4) },
            "`crop` must lie inside the 4x4 buffer" to { FrameGeometry(4, 4, 0, Box(1, 0, 4, 4)) },
            "of the view must be positive" to { ViewGeometry(0, 4) },
            "of the picture must be positive" to { FrameTransform.uprightToView(0, 4, ViewGeometry(4, 4)) },
        )
        for ((message, call) in calls) {
            val problem = assertThrows(IllegalArgumentException::class.java) { call() }
            assertTrue(problem.message!!.contains(message), problem.message)
        }
    }
}
