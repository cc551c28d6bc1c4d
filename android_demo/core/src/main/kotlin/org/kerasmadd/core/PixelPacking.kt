package org.kerasmadd.core

import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.IntBuffer

/** Pixels from the layouts of Android to those of tensors: RGB, row by row, 0 to 255. */
object PixelPacking {
    /**
     * Copies the upright picture of a frame into tight RGBA bytes, which MediaPipe takes.
     *
     * The camera's image may be closed afterwards, and both detection and cropping work on the
     * copy, `RgbaFrame.upright(into, uprightWidth, uprightHeight)`.
     *
     * @param into receives `4 * uprightWidth * uprightHeight` bytes from index 0; its position is
     *   left alone.
     */
    fun toUprightRgba(frame: RgbaFrame, into: ByteBuffer) {
        val count = pixelCount(frame)
        require(into.limit() >= RgbaFrame.BYTES_PER_PIXEL * count) {
            "`into` must have ${RgbaFrame.BYTES_PER_PIXEL * count} bytes. Received: limit=${into.limit()}"
        }
        val target = into.duplicate()
        target.position(0)
        target.order(ByteOrder.LITTLE_ENDIAN).asIntBuffer()
            .put(scratch.get()!!.upright(frame), 0, count)
    }

    /** Copies unsigned bytes of a crop into a float32 tensor of pixels 0 to 255. */
    fun toFloats(rgb: ByteArray, into: FloatArray) {
        requireSize("into", into.size, rgb.size)
        for (index in rgb.indices) into[index] = (rgb[index].toInt() and 0xff).toFloat()
    }

    /** Copies pixels of `Bitmap.getPixels` (0xAARRGGBB) into RGB bytes, three for each. */
    fun argbToRgb(argb: IntArray, into: ByteArray) {
        requireSize("into", into.size, 3 * argb.size)
        var target = 0
        for (pixel in argb) {
            into[target++] = (pixel shr 16).toByte()
            into[target++] = (pixel shr 8).toByte()
            into[target++] = pixel.toByte()
        }
    }

    private fun pixelCount(frame: RgbaFrame): Int =
        frame.geometry.uprightWidth * frame.geometry.uprightHeight

    private fun requireSize(name: String, size: Int, wanted: Int) =
        require(size == wanted) { "`$name` must have $wanted values. Received: size=$size" }

    private val scratch: ThreadLocal<Turner> = ThreadLocal.withInitial(::Turner)
}

/** Turns frames upright; keeps its buffers. A pixel is an Int 0xAABBGGRR. */
private class Turner {
    private var bytes = ByteArray(0)
    private var ints: IntBuffer = IntBuffer.allocate(0)
    private var strip = IntArray(0)
    private var upright = IntArray(0)

    /** Returns the upright picture without padding, in the first elements of a kept array. */
    fun upright(frame: RgbaFrame): IntArray {
        val crop = frame.geometry.crop
        val width = crop.width
        val height = crop.height
        if (bytes.size < RgbaFrame.BYTES_PER_PIXEL * width) {
            bytes = ByteArray(RgbaFrame.BYTES_PER_PIXEL * width)
            ints = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer()
            strip = IntArray(STRIP * width)
        }
        if (upright.size < width * height) upright = IntArray(width * height)
        // Strips of rows, so that a turned picture is written in runs and not pixel by pixel.
        for (top in 0 until height step STRIP) {
            val rows = minOf(STRIP, height - top)
            for (row in 0 until rows) {
                frame.readRow(crop.y + top + row, crop.x, width, bytes, 0)
                ints.position(0)
                ints.get(strip, row * width, width)
            }
            when (frame.geometry.rotationDegrees) {
                0 -> strip.copyInto(upright, top * width, 0, rows * width)
                90 -> turnRight(top, rows, width, height)
                180 -> turnOver(top, rows, width, height)
                else -> turnLeft(top, rows, width, height)
            }
        }
        return upright
    }

    private fun turnRight(top: Int, rows: Int, width: Int, height: Int) {
        for (x in 0 until width) {
            val target = x * height + height - 1 - top
            for (row in 0 until rows) upright[target - row] = strip[row * width + x]
        }
    }

    private fun turnOver(top: Int, rows: Int, width: Int, height: Int) {
        val target = (height - top) * width - 1
        for (index in 0 until rows * width) upright[target - index] = strip[index]
    }

    private fun turnLeft(top: Int, rows: Int, width: Int, height: Int) {
        for (x in 0 until width) {
            val target = (width - 1 - x) * height + top
            for (row in 0 until rows) upright[target + row] = strip[row * width + x]
        }
    }

    private companion object {
        const val STRIP = 16
    }
}
