package org.kerasmadd.core

import java.nio.ByteBuffer
import java.util.Random
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource

class PixelPackingTest {
    @ParameterizedTest
    @ValueSource(ints = [0, 90, 180, 270])
    fun `frames become tight upright pixels exactly`(rotation: Int) {
        val random = Random(rotation.toLong())
        for (trial in 0 until 30) {
            val picture = Picture.random(1 + random.nextInt(70), 1 + random.nextInt(70), random)
            val frame = picture.frame(
                rotation,
                padding = random.nextInt(40),
                border = IntArray(4) { random.nextInt(5) },
                direct = random.nextBoolean(),
                random = random,
            )
            val copy = ByteBuffer.allocate(4 * picture.width * picture.height)
            PixelPacking.toUprightRgba(frame, copy)
            assertArrayEquals(picture.rgb, copy.rgb())
        }
    }

    @ParameterizedTest
    @ValueSource(ints = [0, 90, 180, 270])
    fun `the upright copy is a frame with the same crops, and keeps alpha`(rotation: Int) {
        val picture = Golden.picture("photo")
        val frame = picture.frame(rotation, padding = 12, border = intArrayOf(1, 2, 3, 4))
        val copy = ByteBuffer.allocateDirect(4 * picture.width * picture.height + 5)
        copy.position(3)
        PixelPacking.toUprightRgba(frame, copy)
        assertEquals(3, copy.position())
        val upright = RgbaFrame.upright(copy, picture.width, picture.height)
        val expected = ByteArray(3 * 400)
        val found = ByteArray(3 * 400)
        FaceCropper(20).crop(frame, Box(20, 30, 40, 50), 1.3, expected)
        FaceCropper(20).crop(upright, Box(20, 30, 40, 50), 1.3, found)
        assertArrayEquals(expected, found)
        val alphas = (0 until picture.width * picture.height).map { copy.get(4 * it + 3) }
        val crop = frame.geometry.crop
        val sources = (0 until crop.height).flatMap { y ->
            (0 until crop.width).map { x ->
                frame.pixels.get((crop.y + y) * frame.rowStride + 4 * (crop.x + x) + 3)
            }
        }
        assertEquals(sources.sorted(), alphas.sorted())
    }

    @Test
    fun `bytes become floats 0 to 255`() {
        val floats = FloatArray(3)
        PixelPacking.toFloats(byteArrayOf(0, 127, -1), floats)
        assertArrayEquals(floatArrayOf(0f, 127f, 255f), floats)
    }

    @Test
    fun `bitmap pixels lose alpha and keep their order`() {
        val rgb = ByteArray(6)
        PixelPacking.argbToRgb(intArrayOf(0x80102030.toInt(), 0xfffefdfc.toInt()), rgb)
        assertArrayEquals(byteArrayOf(0x10, 0x20, 0x30, -2, -3, -4), rgb)
    }

    @Test
    fun `wrong sizes are refused`() {
        val frame = Picture.random(4, 3, Random(0)).frame()
        val calls = listOf(
            { PixelPacking.toUprightRgba(frame, ByteBuffer.allocate(47)) },
            { PixelPacking.toFloats(ByteArray(3), FloatArray(2)) },
            { PixelPacking.argbToRgb(IntArray(2), ByteArray(5)) },
        )
        for (call in calls) {
            val problem = assertThrows(IllegalArgumentException::class.java) { call() }
            assertTrue(problem.message!!.startsWith("`into` must have"), problem.message)
        }
    }
}
