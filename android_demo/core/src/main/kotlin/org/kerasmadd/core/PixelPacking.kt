package org.kerasmadd.core

import java.nio.ByteBuffer

/** Pixels from the layouts of Android to those of tensors: RGB, row by row, 0 to 255. */
object PixelPacking {
    /**
     * Copies the upright picture of a frame into tight RGB bytes, the layout of a uint8 tensor.
     *
     * @param into receives `3 * uprightWidth * uprightHeight` bytes.
     */
    fun toRgb(frame: RgbaFrame, into: ByteArray) {
        TODO()
    }

    /** As [toRgb], into a float32 tensor of pixels 0 to 255. */
    fun toRgb(frame: RgbaFrame, into: FloatArray) {
        TODO()
    }

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
        TODO()
    }

    /** Copies unsigned bytes of a crop into a float32 tensor of pixels 0 to 255. */
    fun toFloats(rgb: ByteArray, into: FloatArray) {
        require(rgb.size == into.size) {
            "`into` must have as many values as `rgb`, ${rgb.size}. Received: size=${into.size}"
        }
        for (index in rgb.indices) into[index] = (rgb[index].toInt() and 0xff).toFloat()
    }

    /** Copies pixels of `Bitmap.getPixels` (0xAARRGGBB) into RGB bytes, three for each. */
    fun argbToRgb(argb: IntArray, into: ByteArray) {
        require(into.size == 3 * argb.size) {
            "`into` must have ${3 * argb.size} values. Received: size=${into.size}"
        }
        var target = 0
        for (pixel in argb) {
            into[target++] = (pixel shr 16).toByte()
            into[target++] = (pixel shr 8).toByte()
            into[target++] = pixel.toByte()
        }
    }
}
