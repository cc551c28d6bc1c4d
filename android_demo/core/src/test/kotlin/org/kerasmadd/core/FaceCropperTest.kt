package org.kerasmadd.core

import java.nio.ByteBuffer
import java.util.Random
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource

class FaceCropperTest {
    private fun crop(frame: RgbaFrame, box: Box, margin: Double, size: Int): ByteArray =
        ByteArray(3 * size * size).also { FaceCropper(size).crop(frame, box, margin, it) }

    @Test
    fun `there are golden vectors for both rules and every border`() {
        assertTrue(Golden.crops.size >= 16)
        assertTrue(Golden.crops.any { it.square.side > 2 * it.size })
        assertTrue(Golden.crops.any { it.square.side < it.size })
    }

    @ParameterizedTest
    @ValueSource(ints = [0, 90, 180, 270])
    fun `equals Python on every golden vector, however the frame is turned and padded`(rotation: Int) {
        for (case in Golden.crops) {
            for (padding in intArrayOf(0, 4, 37)) {
                for (border in listOf(intArrayOf(0, 0, 0, 0), intArrayOf(3, 5, 2, 1))) {
                    val frame = case.picture.frame(rotation, padding, border)
                    assertArrayEquals(
                        case.expected.rgb,
                        crop(frame, case.box, case.margin, case.size),
                        "${case.name}, rotation $rotation, padding $padding",
                    )
                }
            }
        }
    }

    @Test
    fun `the square equals Python's`() {
        for (case in Golden.crops) {
            assertEquals(case.square, CropSquare.about(case.box, case.margin), case.name)
        }
    }

    @ParameterizedTest
    @ValueSource(longs = [1, 2, 3, 4, 5, 6])
    fun `equals exact arithmetic on random frames`(seed: Long) {
        val random = Random(seed)
        for (trial in 0 until 25) {
            val picture = Picture.random(1 + random.nextInt(50), 1 + random.nextInt(50), random)
            val box = Box(
                random.nextInt(picture.width + 10) - 8,
                random.nextInt(picture.height + 10) - 8,
                1 + random.nextInt(60),
                1 + random.nextInt(60),
            )
            val size = 1 + random.nextInt(24)
            val margin = 0.8 + random.nextDouble()
            if (!CropSquare.about(box, margin).touches(picture.width, picture.height)) continue
            val frame = picture.frame(
                rotation = 90 * random.nextInt(4),
                padding = random.nextInt(13),
                border = IntArray(4) { random.nextInt(4) },
                direct = random.nextBoolean(),
                random = random,
            )
            assertArrayEquals(
                PlainCrop().crop(frame, box, margin, size),
                crop(frame, box, margin, size),
                "seed $seed, trial $trial, $box, margin $margin, size $size",
            )
        }
    }

    @Test
    fun `buffers kept from face to face leave no trace`() {
        val random = Random(8)
        val cropper = FaceCropper(16)
        val kept = ByteArray(cropper.valueCount)
        for (trial in 0 until 60) {
            val picture = Picture.random(10 + random.nextInt(60), 10 + random.nextInt(60), random)
            val frame = picture.frame(90 * random.nextInt(4), random.nextInt(9))
            val box = Box(
                random.nextInt(picture.width) - 4,
                random.nextInt(picture.height) - 4,
                5 + random.nextInt(60),
                5 + random.nextInt(60),
            )
            cropper.crop(frame, box, 1.3, kept)
            assertArrayEquals(crop(frame, box, 1.3, 16), kept, "trial $trial")
        }
    }

    @Test
    fun `white stays white at the largest sums`() {
        val white = Picture(2100, 4, ByteArray(3 * 2100 * 4) { -1 })
        val square = crop(white.frame(), Box(0, 0, 4, 4), 1.0, 1400)
        assertTrue(square.all { it == (-1).toByte() })
        val large = Picture(3000, 3000, ByteArray(3 * 3000 * 3000) { -1 })
        assertTrue(crop(large.frame(), Box(0, 0, 3000, 3000), 1.0, 31).all { it == (-1).toByte() })
    }

    @Test
    fun `a huge square is averaged without overflow`() {
        val white = Picture(40, 40, ByteArray(3 * 40 * 40) { -1 })
        // 40 white columns and rows of 80, in the middle of each: a quarter of a half-black square.
        val half = crop(white.frame(), Box(0, 0, 80, 80), 1.0, 1)
        assertEquals(64, half[0].toInt() and 0xff)
        val speck = crop(white.frame(), Box(-500_000, -500_000, 1_000_000, 1_000_000), 1.0, 1)
        assertEquals(0, speck[0].toInt())
    }

    @Test
    fun `the frame's position is left alone`() {
        val frame = Golden.crops[0].picture.frame()
        val before = frame.pixels.position()
        crop(frame, Golden.crops[0].box, 1.3, 8)
        assertEquals(before, frame.pixels.position())
    }

    @Test
    fun `weights of every result add up to the unit`() {
        for (size in 1..40) {
            val weights = ResizeWeights(size)
            for (side in 1..130) {
                weights.prepare(side)
                for (i in 0 until size) {
                    val sum = (weights.first[i]..weights.last[i]).sumOf { weights.of(i, it) }
                    assertEquals(weights.unit, sum, "$side to $size, result $i")
                    assertTrue(weights.first[i] >= 0 && weights.last[i] < side)
                }
            }
        }
    }

    @Test
    fun `refuses what has no meaning`() {
        val frame = Picture.random(9, 9, Random(0)).frame()
        val box = Box(1, 1, 5, 5)
        val into = ByteArray(3 * 64)
        val cropper = FaceCropper(8)
        fun refused(message: String, call: () -> Unit) {
            val problem = assertThrows(IllegalArgumentException::class.java, call)
            assertTrue(problem.message!!.contains(message), problem.message)
        }
        refused("`into` must have 192 values. Received: size=3") {
            cropper.crop(frame, box, 1.3, ByteArray(3))
        }
        refused("must touch the 9x9 picture") { cropper.crop(frame, Box(50, 50, 4, 4), 1.3, into) }
        refused("`margin` must be a positive number. Received: margin=NaN") {
            cropper.crop(frame, box, Double.NaN, into)
        }
        refused("Received: margin=0.0") { cropper.crop(frame, box, 0.0, into) }
        refused("must be at most") { cropper.crop(frame, Box(0, 0, 2_000_000, 4), 1.3, into) }
        refused("`size` must be from 1") { FaceCropper(0) }
        refused("must be positive") { Box(0, 0, 0, 4) }
        refused("`rowStride` must be at least 36") {
            RgbaFrame(ByteBuffer.allocate(400), 35, FrameGeometry(9, 9))
        }
        refused("`pixels` must hold 356 bytes") {
            RgbaFrame(ByteBuffer.allocate(355), 40, FrameGeometry(9, 9))
        }
        assertFalse(CropSquare(-5, 0, 5).touches(9, 9))
        assertTrue(CropSquare(-4, 0, 5).touches(9, 9))
    }
}
