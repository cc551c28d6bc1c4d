package org.kerasmadd.core

/**
 * The whole-number weights of `keras_madd/faces/crop.py`, step 3, along one axis.
 *
 * Result `i` is the sum of source pixels [first]`[i]` to [last]`[i]`, each times [of]; the weights
 * of each result add up to [unit].
 *
 * @property size number of results.
 */
internal class ResizeWeights(private val size: Int) {
    val first = IntArray(size)
    val last = IntArray(size)

    /** Weight of the first source pixel of each result, and of the last where there is another. */
    private val firstWeight = IntArray(size)
    private val lastWeight = IntArray(size)
    private var side = 0

    /** What the weights of a result add up to. */
    var unit = 0
        private set

    /** Makes the table for a number of source pixels, unless it is there already. */
    fun prepare(side: Int) {
        if (side == this.side) return
        this.side = side
        if (side <= 2 * size) prepareBilinear() else prepareArea()
    }

    private fun prepareBilinear() {
        unit = 2 * size
        val end = unit.toLong() * (side - 1)
        for (i in 0 until size) {
            val position = ((2L * i + 1) * side - size).coerceIn(0, end)
            val fraction = (position % unit).toInt()
            first[i] = (position / unit).toInt()
            last[i] = if (fraction > 0) first[i] + 1 else first[i]
            firstWeight[i] = unit - fraction
            lastWeight[i] = fraction
        }
    }

    private fun prepareArea() {
        unit = side
        for (i in 0 until size) {
            val start = i.toLong() * side
            val end = start + side
            first[i] = (start / size).toInt()
            last[i] = ((end - 1) / size).toInt()
            firstWeight[i] = ((first[i] + 1L) * size - start).toInt()
            lastWeight[i] = (end - last[i].toLong() * size).toInt()
        }
    }

    /** Returns the weight of a source pixel, from [first] to [last], in a result. */
    fun of(result: Int, source: Int): Int = when (source) {
        first[result] -> firstWeight[result]
        last[result] -> lastWeight[result]
        else -> size
    }

    /**
     * Resizes one row of pixels; the sums are at most `255 * unit`.
     *
     * @param rgba four bytes for each source pixel.
     * @param into receives red, green, blue of each result.
     */
    fun resize(rgba: ByteArray, into: IntArray) {
        var target = 0
        for (i in 0 until size) {
            var index = 4 * first[i]
            var weight = firstWeight[i]
            var red = weight * (rgba[index].toInt() and 0xff)
            var green = weight * (rgba[index + 1].toInt() and 0xff)
            var blue = weight * (rgba[index + 2].toInt() and 0xff)
            val end = 4 * last[i]
            if (index < end) {
                index += 4
                if (index < end) {
                    var redSum = 0
                    var greenSum = 0
                    var blueSum = 0
                    while (index < end) {
                        redSum += rgba[index].toInt() and 0xff
                        greenSum += rgba[index + 1].toInt() and 0xff
                        blueSum += rgba[index + 2].toInt() and 0xff
                        index += 4
                    }
                    red += size * redSum
                    green += size * greenSum
                    blue += size * blueSum
                }
                weight = lastWeight[i]
                red += weight * (rgba[index].toInt() and 0xff)
                green += weight * (rgba[index + 1].toInt() and 0xff)
                blue += weight * (rgba[index + 2].toInt() and 0xff)
            }
            into[target++] = red
            into[target++] = green
            into[target++] = blue
        }
    }
}
