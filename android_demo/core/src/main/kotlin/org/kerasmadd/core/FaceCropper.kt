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
    /** The same square as a box, for drawing. */
    fun toBox(): Box = Box(left, top, side, side)

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
        TODO()
    }

    companion object {
        /** Side of the largest result. */
        const val MAX_SIZE = 4096
    }
}
