package org.kerasmadd.core

import java.util.Random
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

    private fun frame(case: JsonObject): FrameGeometry {
        val size = case.ints("buffer_size")
        return FrameGeometry(size[0], size[1], case.int("rotation"), case.box("crop"))
    }

    private fun view(case: JsonObject): ViewGeometry {
        val size = case.ints("view_size")
        val scale = ScaleMode.valueOf(case.text("scale"))
        return ViewGeometry(size[0], size[1], scale, case.truth("mirrored"))
    }

    @Test
    fun `every rotation, mirror, crop and scale lands where Python says`() {
        assertEquals(64, cases.size)
        for (case in cases) {
            val name = case.text("name")
            val transform = FrameTransform(frame(case), view(case))
            val frame = transform.frame
            assertEquals(case.ints("upright_size"), listOf(frame.uprightWidth, frame.uprightHeight), name)
            for (point in case.list("points").map { it.jsonObject }) {
                val (x, y) = point.numbers("buffer")
                val (u, v) = point.numbers("upright")
                val (a, b) = point.numbers("view")
                assertEquals(u, transform.bufferToUpright.mapX(x, y), 1e-9, name)
                assertEquals(v, transform.bufferToUpright.mapY(x, y), 1e-9, name)
                assertEquals(a, transform.uprightToView.mapX(u, v), 1e-9, name)
                assertEquals(b, transform.uprightToView.mapY(u, v), 1e-9, name)
                assertEquals(a, transform.bufferToView.mapX(x, y), 1e-9, name)
                assertEquals(b, transform.bufferToView.mapY(x, y), 1e-9, name)
                assertEquals(u, transform.viewToUpright.mapX(a, b), 1e-8, name)
                assertEquals(v, transform.viewToUpright.mapY(a, b), 1e-8, name)
            }
            val drawn = transform.uprightToView.map(case.box("box"))
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
    fun `there and back is where one was, for random frames and views`() {
        val random = Random(5)
        for (trial in 0 until 300) {
            val width = 1 + random.nextInt(2000)
            val height = 1 + random.nextInt(2000)
            val left = random.nextInt(width)
            val top = random.nextInt(height)
            val crop = Box(left, top, 1 + random.nextInt(width - left), 1 + random.nextInt(height - top))
            val transform = FrameTransform(
                FrameGeometry(width, height, 90 * random.nextInt(4), crop),
                ViewGeometry(
                    1 + random.nextInt(3000),
                    1 + random.nextInt(3000),
                    ScaleMode.entries[random.nextInt(2)],
                    random.nextBoolean(),
                ),
            )
            val x = random.nextDouble() * width
            val y = random.nextDouble() * height
            val there = transform.bufferToView
            val back = there.inverse()
            assertEquals(x, back.mapX(there.mapX(x, y), there.mapY(x, y)), 1e-6, "trial $trial")
            assertEquals(y, back.mapY(there.mapX(x, y), there.mapY(x, y)), 1e-6, "trial $trial")
        }
    }

    @Test
    fun `mirroring exchanges left and right of what is drawn and nothing else`() {
        val frame = FrameGeometry(640, 480, 270)
        val plain = FrameTransform(frame, ViewGeometry(1080, 1920))
        val mirrored = FrameTransform(frame, ViewGeometry(1080, 1920, mirrored = true))
        assertEquals(plain.bufferToUpright, mirrored.bufferToUpright)
        val box = Box(100, 200, 50, 80)
        val one = plain.uprightToView.map(box)
        val other = mirrored.uprightToView.map(box)
        assertEquals(one.top, other.top)
        assertEquals(1080 - one.right, other.left, 1e-3f)
        assertEquals(one.right - one.left, other.right - other.left, 1e-3f)
    }

    @Test
    fun `the matrix for Android holds the six values row by row`() {
        val transform = AffineTransform(1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
        assertArrayEquals(floatArrayOf(1f, 2f, 3f, 4f, 5f, 6f, 0f, 0f, 1f), transform.matrixValues())
        assertEquals(AffineTransform.IDENTITY, transform.then(transform.inverse()).rounded())
    }

    private fun AffineTransform.rounded(): AffineTransform {
        fun clean(value: Double) = Math.round(value * 1e9) / 1e9 + 0.0
        return AffineTransform(clean(a), clean(b), clean(c), clean(d), clean(e), clean(f))
    }

    @Test
    fun `refuses what has no meaning`() {
        val calls = listOf(
            "`rotationDegrees` must be 0, 90, 180 or 270" to { FrameGeometry(4, 4, 45) },
            "`width` and `height` must be positive" to { FrameGeometry(0, 4) },
            "`crop` must lie inside the 4x4 buffer" to { FrameGeometry(4, 4, 0, Box(1, 0, 4, 4)) },
            "of the view must be positive" to { ViewGeometry(0, 4) },
            "of the picture must be positive" to { FrameTransform.uprightToView(0, 4, ViewGeometry(4, 4)) },
            "has no inverse" to { AffineTransform(1.0, 2.0, 0.0, 2.0, 4.0, 0.0).inverse() },
        )
        for ((message, call) in calls) {
            val problem = assertThrows(IllegalArgumentException::class.java) { call() }
            assertTrue(problem.message!!.contains(message), problem.message)
        }
    }
}
