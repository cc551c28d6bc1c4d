package org.kerasmadd.core

import java.nio.ByteBuffer

/**
 * Pixels of a camera or a bitmap: four bytes red, green, blue, alpha each, in padded rows.
 *
 * It only points to the buffer. What reads it never changes the buffer's position, and rows may
 * carry any padding; the last one may lack its own, as Android's often does.
 *
 * @property pixels the buffer; pixel (0, 0) is at index 0.
 * @property rowStride bytes from one row to the next.
 * @property geometry size of the buffer, its crop rectangle and its rotation.
 * @throws IllegalArgumentException where the buffer is too small for that.
 */
class RgbaFrame(val pixels: ByteBuffer, val rowStride: Int, val geometry: FrameGeometry) {
    init {
        val row = BYTES_PER_PIXEL * geometry.bufferWidth
        require(rowStride >= row) {
            "`rowStride` must be at least $row, 4 bytes a pixel. Received: rowStride=$rowStride"
        }
        val needed = rowStride.toLong() * (geometry.bufferHeight - 1) + row
        require(pixels.limit() >= needed) {
            "`pixels` must hold $needed bytes. Received: limit=${pixels.limit()}"
        }
    }

    /** A second position in the same bytes, so that the caller's is left alone. */
    private val reader: ByteBuffer = pixels.duplicate()

    /**
     * Copies pixels of one row of the buffer.
     *
     * @param row row of the buffer.
     * @param column first column of the buffer.
     * @param count number of pixels.
     * @param into receives `4 * count` bytes.
     * @param offset index in [into] of the first of them.
     */
    internal fun readRow(row: Int, column: Int, count: Int, into: ByteArray, offset: Int) {
        reader.position(row * rowStride + BYTES_PER_PIXEL * column)
        reader.get(into, offset, BYTES_PER_PIXEL * count)
    }

    companion object {
        const val BYTES_PER_PIXEL = 4

        /** Returns a frame over a picture that is upright already, without padding. */
        fun upright(pixels: ByteBuffer, width: Int, height: Int): RgbaFrame =
            RgbaFrame(pixels, BYTES_PER_PIXEL * width, FrameGeometry(width, height))
    }
}
