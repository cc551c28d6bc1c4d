package org.kerasmadd.core

import java.math.BigInteger
import java.nio.ByteBuffer

/** Mistakes that others' apps have made; see `BrokenTwinsTest`. */
enum class Mistake {
    ROW_STRIDE_IGNORED,
    ROTATION_IGNORED,
    TURNED_THE_OTHER_WAY,
    CROP_RECTANGLE_IGNORED,
    MIRRORED_BEFORE_THE_MODEL,
    CLAMPED_INSTEAD_OF_PADDED,
    SQUARE_MOVED_INSIDE,
    BLUE_AND_RED_EXCHANGED,
    CUT_OFF_INSTEAD_OF_ROUNDED,
    CORNERS_ALIGNED,
    NEAREST_PIXEL,
    MARGIN_FORGOTTEN,
}

/**
 * The crop in the plainest way, pixel by pixel in exact arithmetic, with or without a mistake.
 *
 * It shares no code with `FaceCropper`.
 */
class PlainCrop(private val mistake: Mistake? = null) {
    fun crop(frame: RgbaFrame, box: Box, margin: Double, size: Int): ByteArray {
        val picture = upright(frame)
        val k = if (mistake == Mistake.MARGIN_FORGOTTEN) 1.0 else margin
        val side = maxOf(1, Math.floor(k * maxOf(box.width, box.height) + 0.5).toInt())
        var left = box.x + Math.floorDiv(box.width - side, 2)
        var top = box.y + Math.floorDiv(box.height - side, 2)
        if (mistake == Mistake.SQUARE_MOVED_INSIDE) {
            left = left.coerceIn(0, maxOf(0, picture.width - side))
            top = top.coerceIn(0, maxOf(0, picture.height - side))
        }
        val weights = List(size) { weights(it, side, size) }
        val result = ByteArray(3 * size * size)
        for (v in 0 until size) {
            for (u in 0 until size) {
                for (channel in 0..2) {
                    var sum = BigInteger.ZERO
                    for ((y, down) in weights[v]) {
                        for ((x, across) in weights[u]) {
                            val value = pixel(picture, left + x, top + y)[channel].toLong()
                            sum += BigInteger.valueOf(down * across).multiply(BigInteger.valueOf(value))
                        }
                    }
                    val to = if (mistake == Mistake.BLUE_AND_RED_EXCHANGED) 2 - channel else channel
                    val across = if (mistake == Mistake.MIRRORED_BEFORE_THE_MODEL) size - 1 - u else u
                    result[3 * (v * size + across) + to] = rounded(sum, side, size).toByte()
                }
            }
        }
        return result
    }

    private fun pixel(picture: Picture, x: Int, y: Int): IntArray {
        if (mistake != Mistake.CLAMPED_INSTEAD_OF_PADDED) return picture.at(x, y)
        return picture.at(x.coerceIn(0, picture.width - 1), y.coerceIn(0, picture.height - 1))
    }

    private fun rounded(sum: BigInteger, side: Int, size: Int): Int {
        val unit = BigInteger.valueOf(unit(side, size))
        val whole = unit.multiply(unit)
        val half = if (mistake == Mistake.CUT_OFF_INSTEAD_OF_ROUNDED) BigInteger.ZERO else whole
        return (sum.shiftLeft(1) + half).divide(whole.shiftLeft(1)).toInt()
    }

    private fun unit(side: Int, size: Int): Long = if (side <= 2 * size) 2L * size else side.toLong()

    /** Pairs of a source pixel and its weight, from the overlap of intervals or of triangles. */
    private fun weights(target: Int, side: Int, size: Int): List<Pair<Int, Long>> {
        val unit = unit(side, size)
        if (mistake == Mistake.NEAREST_PIXEL) return listOf(target * side / size to unit)
        if (side > 2 * size) {
            return (0 until side).map { source ->
                val start = maxOf(source.toLong() * size, target.toLong() * side)
                val end = minOf((source + 1L) * size, (target + 1L) * side)
                source to end - start
            }.filter { it.second > 0 }
        }
        var position = (2L * target + 1) * side - size
        if (mistake == Mistake.CORNERS_ALIGNED && size > 1) {
            position = unit * target * (side - 1) / (size - 1)
        }
        position = position.coerceIn(0, unit * (side - 1))
        return (0 until side).map { it to unit - Math.abs(position - it * unit) }.filter { it.second > 0 }
    }

    private fun upright(frame: RgbaFrame): Picture {
        val geometry = frame.geometry
        val crop =
            if (mistake == Mistake.CROP_RECTANGLE_IGNORED) {
                Box(0, 0, geometry.crop.width, geometry.crop.height)
            } else {
                geometry.crop
            }
        val stride =
            if (mistake == Mistake.ROW_STRIDE_IGNORED) 4 * geometry.bufferWidth else frame.rowStride
        val rotation = when (mistake) {
            Mistake.ROTATION_IGNORED -> 0
            Mistake.TURNED_THE_OTHER_WAY -> (360 - geometry.rotationDegrees) % 360
            else -> geometry.rotationDegrees
        }
        val onItsSide = rotation % 180 != 0
        val width = if (onItsSide) crop.height else crop.width
        val height = if (onItsSide) crop.width else crop.height
        val rgb = ByteArray(3 * width * height)
        val pixels: ByteBuffer = frame.pixels
        for (y in 0 until crop.height) {
            for (x in 0 until crop.width) {
                val (u, v) = when (rotation) {
                    0 -> x to y
                    90 -> crop.height - 1 - y to x
                    180 -> crop.width - 1 - x to crop.height - 1 - y
                    else -> y to crop.width - 1 - x
                }
                for (channel in 0..2) {
                    val source = (crop.y + y) * stride + 4 * (crop.x + x) + channel
                    rgb[3 * (v * width + u) + channel] = pixels.get(source)
                }
            }
        }
        return Picture(width, height, rgb)
    }
}
