package org.kerasmadd.core

import kotlin.math.floor

/**
 * The square of the upright picture that the model sees.
 *
 * @property left first column; may be negative.
 * @property top first row; may be negative.
 * @property side in pixels.
 */
data class CropSquare(val left: Int, val top: Int, val side: Int) {
    /** Tells whether the square shares a pixel with a picture. */
    fun touches(width: Int, height: Int): Boolean =
        left < width && top < height && left.toLong() + side > 0 && top.toLong() + side > 0

    companion object {
        /** A longer side is no face. It keeps the arithmetic exact. */
        const val MAX_SIDE = 1 shl 20

        /**
         * Returns the square about a face's box.
         *
         * @param box the face in pixels of the upright picture.
         * @param margin the square's side over the box's longer side, from `model.json`.
         * @throws IllegalArgumentException where the margin is not a positive number, or the square
         *   is larger than [MAX_SIDE].
         */
        fun about(box: Box, margin: Double): CropSquare {
            require(margin.isFinite() && margin > 0) {
                "`margin` must be a positive number. Received: margin=$margin"
            }
            val wanted = floor(margin * maxOf(box.width, box.height) + 0.5)
            require(wanted <= MAX_SIDE) {
                "`box` with its margin must be at most $MAX_SIDE pixels. Received: side=$wanted"
            }
            val side = maxOf(1, wanted.toInt())
            return CropSquare(
                box.x + Math.floorDiv(box.width - side, 2),
                box.y + Math.floorDiv(box.height - side, 2),
                side,
            )
        }
    }
}

/**
 * Cuts faces out of frames: the twin of `keras_madd.faces.crop_face`, equal to it bit by bit.
 *
 * It reads the camera's buffer where it lies, padded and turned; the result is what Python gives
 * for the upright picture. Tables and buffers are kept from face to face, so one thread at a time
 * may use it. The arithmetic is written out in `keras_madd/faces/crop.py`.
 *
 * @property size side of the result in pixels.
 */
class FaceCropper(val size: Int) {
    init {
        require(size in 1..MAX_SIZE) { "`size` must be from 1 to $MAX_SIZE. Received: size=$size" }
    }

    private val weights = ResizeWeights(size)

    /** One row of the square, red, green, blue, alpha, black outside the picture. */
    private var row = ByteArray(0)

    /** Two rows of the square after resizing along the row, and which rows they are. */
    private val resized = Array(2) { IntArray(3 * size) }
    private val resizedIndex = IntArray(2)

    /** Weighted sums of one row of the result. */
    private val sums = LongArray(3 * size)

    /** Number of values of a crop: `size * size * 3`. */
    val valueCount: Int get() = 3 * size * size

    /**
     * Cuts a face out.
     *
     * @param frame the picture.
     * @param box the face in pixels of the upright picture.
     * @param margin the square's side over the box's longer side, from `model.json`.
     * @param into receives red, green, blue of each pixel, row by row, as unsigned bytes.
     * @throws IllegalArgumentException where the square lies outside the picture or [into] has
     *   another size than [valueCount].
     */
    fun crop(frame: RgbaFrame, box: Box, margin: Double, into: ByteArray) {
        require(into.size == valueCount) {
            "`into` must have $valueCount values. Received: size=${into.size}"
        }
        val geometry = frame.geometry
        val square = CropSquare.about(box, margin)
        require(square.touches(geometry.uprightWidth, geometry.uprightHeight)) {
            "`box` with its margin must touch the ${geometry.uprightWidth}x" +
                "${geometry.uprightHeight} picture. Received: square=$square"
        }
        weights.prepare(square.side)
        if (row.size < RgbaFrame.BYTES_PER_PIXEL * square.side) {
            row = ByteArray(RgbaFrame.BYTES_PER_PIXEL * square.side)
        }
        resizedIndex.fill(NONE)
        val source = SquareInBuffer(geometry, square)
        for (target in 0 until size) {
            addRows(frame, source, target)
            writeRow(target, geometry.rotationDegrees, into)
        }
    }

    /** Sums the rows of the square that a row of the result is made of, in the buffer's order. */
    private fun addRows(frame: RgbaFrame, source: SquareInBuffer, target: Int) {
        sums.fill(0)
        for (index in weights.first[target]..weights.last[target]) {
            val y = source.top + index
            if (y < source.crop.y || y >= source.crop.bottom) continue
            val weight = weights.of(target, index).toLong()
            val values = resizedRow(frame, source, index)
            for (k in values.indices) sums[k] += weight * values[k]
        }
    }

    /** Returns a row of the square, resized; two rows are kept since neighbours share them. */
    private fun resizedRow(frame: RgbaFrame, source: SquareInBuffer, index: Int): IntArray {
        val slot = index and 1
        if (resizedIndex[slot] != index) {
            val side = source.side
            val start = maxOf(source.left, source.crop.x)
            val end = minOf(source.left + side, source.crop.right)
            val from = RgbaFrame.BYTES_PER_PIXEL * (start - source.left)
            val to = RgbaFrame.BYTES_PER_PIXEL * (end - source.left)
            row.fill(0, 0, from)
            frame.readRow(source.top + index, start, end - start, row, from)
            row.fill(0, to, RgbaFrame.BYTES_PER_PIXEL * side)
            weights.resize(row, resized[slot])
            resizedIndex[slot] = index
        }
        return resized[slot]
    }

    /** Rounds the sums and puts them where the turned row of the upright result lies. */
    private fun writeRow(target: Int, rotationDegrees: Int, into: ByteArray) {
        val last = size - 1
        val start: Int
        val step: Int
        when (rotationDegrees) {
            0 -> { start = target * size; step = 1 }
            90 -> { start = last - target; step = size }
            180 -> { start = (last - target) * size + last; step = -1 }
            else -> { start = last * size + target; step = -size }
        }
        // floor(n / d) for whole n and d is floor((n + 0.5) * (1 / d)) in double precision: the
        // half keeps the quotient further from a whole number than the product's error, 2^-44.
        val unit = weights.unit.toDouble()
        val reciprocal = 1 / (2 * unit * unit)
        val half = unit * unit + 0.5
        var index = 3 * start
        for (k in 0 until 3 * size step 3) {
            into[index] = ((2.0 * sums[k] + half) * reciprocal).toInt().toByte()
            into[index + 1] = ((2.0 * sums[k + 1] + half) * reciprocal).toInt().toByte()
            into[index + 2] = ((2.0 * sums[k + 2] + half) * reciprocal).toInt().toByte()
            index += 3 * step
        }
    }

    companion object {
        /** Side of the largest result. */
        const val MAX_SIZE = 4096
        private const val NONE = -1
    }
}

/**
 * Where a square of the upright picture lies in the buffer, which may be turned.
 *
 * The resizing rule is symmetric, so a square can be resized as it lies and the result turned.
 */
private class SquareInBuffer(geometry: FrameGeometry, square: CropSquare) {
    val side = square.side
    val crop = geometry.crop
    val left: Int
    val top: Int

    init {
        val fromRight = geometry.uprightWidth - square.left - side
        val fromBottom = geometry.uprightHeight - square.top - side
        when (geometry.rotationDegrees) {
            0 -> { left = crop.x + square.left; top = crop.y + square.top }
            90 -> { left = crop.x + square.top; top = crop.y + fromRight }
            180 -> { left = crop.x + fromRight; top = crop.y + fromBottom }
            else -> { left = crop.x + fromBottom; top = crop.y + square.left }
        }
    }
}
