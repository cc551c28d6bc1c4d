package org.kerasmadd.demo.ui

import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Test

class ShotTest {
    @Test
    fun `the button goes through all maps and back`() {
        val seen = generateSequence(HeatChoice.OFF) { it.next(3) }.take(6).map { it.index }.toList()
        assertEquals(listOf(-2, -1, 0, 1, 2, -2), seen)
        // The choice may be of a model with more maps.
        assertEquals(HeatChoice.OFF, HeatChoice(7).next(3))
    }

    @Test
    fun `of a single map there is on and off`() {
        val seen = generateSequence(HeatChoice.OFF) { it.next(1) }.take(3).map { it.index }.toList()
        assertEquals(listOf(-2, -1, -2), seen)
        assertEquals(HeatChoice.OFF, HeatChoice(0).next(1))
    }

    @Test
    fun `maps are copied, since the next run overwrites them`() {
        val values = floatArrayOf(0f, 0f, 0f, 5f)
        val maps = checkNotNull(AttentionMaps.copyOf(values, 1))
        assertEquals(2, maps.side)
        values.fill(0f)
        val colors = IntArray(4)
        maps.colors(HeatChoice.SUM, colors)
        assertEquals(listOf(0, 0, 0), colors.take(3).map { it ushr 24 })
        assertEquals(true, colors[3] ushr 24 > 128)
    }

    @Test
    fun `what is no square of cells is no map`() {
        assertNull(AttentionMaps.copyOf(null, 4))
        assertNull(AttentionMaps.copyOf(FloatArray(6), 1))
        assertNull(AttentionMaps.copyOf(FloatArray(4), 0))
        assertNull(AttentionMaps.copyOf(FloatArray(5), 2))
    }
}
