package org.kerasmadd.core

/** Colours of attention maps, for drawing over a face's square. */
object AttentionHeat {
    /**
     * Turns attention maps into see-through colours: nothing where there is no attention, yellow
     * to red and opaque where there is most.
     *
     * @param maps `height * width * count` values with `count` innermost.
     * @param count M, the number of maps.
     * @param selected the map to show, or null for the sum of all.
     * @param into receives 0xAARRGGBB for each of the `height * width` cells, row by row.
     */
    fun colors(maps: FloatArray, count: Int, selected: Int?, into: IntArray): Unit = TODO()
}
