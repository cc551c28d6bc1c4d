package org.kerasmadd.demo.camera

import android.graphics.Rect
import androidx.camera.core.ImageInfo
import androidx.camera.core.ImageProxy
import java.nio.ByteBuffer
import org.junit.Assert.assertEquals
import org.junit.Assert.assertSame
import org.junit.Test
import org.junit.runner.RunWith
import org.kerasmadd.core.Box
import org.kerasmadd.core.FaceCropper
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config

/** The way of a camera's bytes into the bitmap that MediaPipe sees and the frame that is cropped. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [33])
class FrameSlotTest {
    /** A camera's image: the pixel of a row and column has these two in red and green. */
    private class FakeImage(
        private val columns: Int,
        private val rows: Int,
        private val rotation: Int,
        private val visible: Rect = Rect(0, 0, columns, rows),
        padding: Int = 12,
    ) : ImageProxy {
        private val stride = 4 * columns + padding
        private val bytes = ByteBuffer.allocateDirect(stride * rows).apply {
            for (index in 0 until capacity()) put(index, 77)
            for (row in 0 until rows) for (column in 0 until columns) {
                val at = row * stride + 4 * column
                put(at, row.toByte()).put(at + 1, column.toByte()).put(at + 2, 9).put(at + 3, -1)
            }
        }

        override fun getWidth() = columns

        override fun getHeight() = rows

        override fun getCropRect() = visible

        override fun getImageInfo() = object : ImageInfo {
            override fun getRotationDegrees() = rotation

            override fun getTimestamp() = 0L
        }

        override fun getPlanes() = arrayOf<ImageProxy.PlaneProxy>(
            object : ImageProxy.PlaneProxy {
                override fun getBuffer() = bytes

                override fun getPixelStride() = 4

                override fun getRowStride() = stride
            },
        )

        override fun close() = Unit
    }

    /**
     * Row and column of the camera's pixel that stands at a place of the upright picture.
     *
     * Read as bytes, which on Android are red, green, blue, alpha: a desktop's `getPixel` exchanges
     * red and blue.
     */
    private fun FrameSlot.source(x: Int, y: Int): Pair<Int, Int> {
        val bytes = ByteBuffer.allocate(bitmap.byteCount)
        bitmap.copyPixelsToBuffer(bytes)
        val at = y * bitmap.rowBytes + 4 * x
        assertEquals(listOf<Byte>(9, -1), listOf(bytes.get(at + 2), bytes.get(at + 3)))
        return bytes.get(at).toInt() to bytes.get(at + 1).toInt()
    }

    @Test
    fun `turned upright, never mirrored, without the padding of the rows`() {
        val slot = FrameSlot()
        // Where the picture's top left and top right come from, for 5 columns and 3 rows.
        val corners = mapOf(
            0 to ((0 to 0) to (0 to 4)),
            90 to ((2 to 0) to (0 to 0)),
            180 to ((2 to 4) to (2 to 0)),
            270 to ((0 to 4) to (2 to 4)),
        )
        for ((rotation, expected) in corners) {
            slot.take(FakeImage(5, 3, rotation))
            val sideways = rotation % 180 != 0
            assertEquals(if (sideways) 3 to 5 else 5 to 3, slot.width to slot.height)
            assertEquals("$rotation", expected.first, slot.source(0, 0))
            assertEquals("$rotation", expected.second, slot.source(slot.width - 1, 0))
        }
    }

    @Test
    fun `only the visible part, and the crop reads what the bitmap shows`() {
        val slot = FrameSlot()
        slot.take(FakeImage(20, 12, 90, Rect(4, 2, 16, 10)))
        assertEquals(8 to 12, slot.width to slot.height)
        assertEquals(9 to 4, slot.source(0, 0))
        val size = 4
        val crop = ByteArray(3 * size * size)
        FaceCropper(size).crop(slot.frame(), Box(2, 3, size, size), 1.0, crop)
        for (y in 0 until size) for (x in 0 until size) {
            val (row, column) = slot.source(2 + x, 3 + y)
            val at = 3 * (y * size + x)
            assertEquals(listOf(row, column, 9), crop.slice(at until at + 3).map { it.toInt() })
        }
    }

    @Test
    fun `buffers are made once for a size`() {
        val slot = FrameSlot()
        slot.take(FakeImage(5, 3, 0))
        val first = slot.bitmap
        slot.take(FakeImage(5, 3, 180))
        assertSame(first, slot.bitmap)
        slot.take(FakeImage(5, 3, 90))
        assertEquals(3, slot.bitmap.width)
    }
}
