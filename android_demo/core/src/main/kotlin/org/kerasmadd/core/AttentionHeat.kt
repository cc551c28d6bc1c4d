package org.kerasmadd.core

/** Colours of attention maps, for drawing over a face's square. */
object AttentionHeat {
    /**
     * Turns attention maps into see-through colours: nothing where there is no attention, yellow
     * to red and opaque where there is most, or from `fullScale` on.
     *
     * @param maps `height * width * count` values with `count` innermost.
     * @param count M, the number of maps.
     * @param selected the map to show, or null for the sum of all.
     * @param fullScale the value that is drawn at full strength; null: the largest there is.
     * @param into receives 0xAARRGGBB for each of the `height * width` cells, row by row.
     */
    fun colors(maps: FloatArray, count: Int, selected: Int?, fullScale: Float?, into: IntArray) {
        require(count > 0 && maps.size == count * into.size) {
            "`maps` must have `count` values for each of ${into.size} cells. " +
                "Received: count=$count, size=${maps.size}"
        }
        require(selected == null || selected in 0 until count) {
            "`selected` must be a map, 0 to ${count - 1}, or null. Received: selected=$selected"
        }
        var largest = 0f
        for (cell in into.indices) largest = maxOf(largest, attention(maps, count, selected, cell))
        val full = fullScale ?: largest
        for (cell in into.indices) {
            val share = if (full > 0) minOf(1f, attention(maps, count, selected, cell) / full) else 0f
            val alpha = (MOST_OPAQUE * share).toInt()
            val green = (MOST_GREEN * (1 - share)).toInt()
            into[cell] = (alpha shl 24) or (0xff shl 16) or (green shl 8)
        }
    }

    private fun attention(maps: FloatArray, count: Int, selected: Int?, cell: Int): Float {
        if (selected != null) return positive(maps[cell * count + selected])
        var sum = 0f
        for (index in cell * count until (cell + 1) * count) sum += positive(maps[index])
        return sum
    }

    /** Returns the value, or 0 for one that is negative or no number. */
    private fun positive(value: Float): Float = if (value > 0) value else 0f

    private const val MOST_OPAQUE = 190
    private const val MOST_GREEN = 220
}
