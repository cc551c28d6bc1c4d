package org.kerasmadd.core

/**
 * A map of the plane: `x' = a * x + b * y + c`, `y' = d * x + e * y + f`.
 *
 * Coordinates are continuous: pixel `i` covers `[i, i + 1)`.
 */
data class AffineTransform(
    val a: Double,
    val b: Double,
    val c: Double,
    val d: Double,
    val e: Double,
    val f: Double,
) {
    /** Returns the horizontal coordinate of a mapped point. */
    fun mapX(x: Double, y: Double): Double = a * x + b * y + c

    /** Returns the vertical coordinate of a mapped point. */
    fun mapY(x: Double, y: Double): Double = d * x + e * y + f

    /** Returns the map that applies this one first and [next] to its result. */
    fun then(next: AffineTransform): AffineTransform = AffineTransform(
        a = next.a * a + next.b * d,
        b = next.a * b + next.b * e,
        c = next.mapX(c, f),
        d = next.d * a + next.e * d,
        e = next.d * b + next.e * e,
        f = next.mapY(c, f),
    )

    /** Returns the smallest upright rectangle about a mapped box. */
    fun map(box: Box): FloatBox {
        val x0 = mapX(box.x.toDouble(), box.y.toDouble())
        val y0 = mapY(box.x.toDouble(), box.y.toDouble())
        val acrossX = a * box.width
        val acrossY = d * box.width
        val downX = b * box.height
        val downY = e * box.height
        return FloatBox(
            left = (x0 + minOf(acrossX, 0.0) + minOf(downX, 0.0)).toFloat(),
            top = (y0 + minOf(acrossY, 0.0) + minOf(downY, 0.0)).toFloat(),
            right = (x0 + maxOf(acrossX, 0.0) + maxOf(downX, 0.0)).toFloat(),
            bottom = (y0 + maxOf(acrossY, 0.0) + maxOf(downY, 0.0)).toFloat(),
        )
    }

    /** Returns the nine values, row by row, that `android.graphics.Matrix.setValues` takes. */
    fun matrixValues(): FloatArray = floatArrayOf(
        a.toFloat(), b.toFloat(), c.toFloat(),
        d.toFloat(), e.toFloat(), f.toFloat(),
        0f, 0f, 1f,
    )

    companion object {
        /** Returns the map that moves every point by (x, y). */
        fun translation(x: Double, y: Double) = AffineTransform(1.0, 0.0, x, 0.0, 1.0, y)

        /** Returns the map that multiplies both coordinates by a factor. */
        fun scaling(factor: Double) = AffineTransform(factor, 0.0, 0.0, 0.0, factor, 0.0)
    }
}

/** A rectangle with fractional edges, as views draw them. */
data class FloatBox(val left: Float, val top: Float, val right: Float, val bottom: Float)
