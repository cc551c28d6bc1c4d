package org.kerasmadd.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class AttentionHeatTest {
    private fun alpha(color: Int) = color ushr 24

    @Test
    fun `most attention is most opaque, none is nothing`() {
        // Two cells, three maps; the third is where the second cell leads.
        val maps = floatArrayOf(4f, 0f, 1f, 0f, 0f, 3f)
        val colors = IntArray(2)
        AttentionHeat.colors(maps, 3, null, null, colors)
        assertEquals(190, alpha(colors[0]))
        assertEquals((190 * 3f / 5f).toInt(), alpha(colors[1]))
        AttentionHeat.colors(maps, 3, 0, null, colors)
        assertEquals(listOf(190, 0), colors.map(::alpha))
        AttentionHeat.colors(maps, 3, 2, null, colors)
        assertEquals(listOf(63, 190), colors.map(::alpha))
        assertEquals(0xff, colors[1] shr 16 and 0xff)
        assertTrue((colors[0] shr 8 and 0xff) > (colors[1] shr 8 and 0xff), "yellow to red")
    }

    @Test
    fun `empty, negative and broken values are nothing`() {
        val colors = IntArray(3)
        AttentionHeat.colors(floatArrayOf(0f, 0f, 0f), 1, null, null, colors)
        assertTrue(colors.all { alpha(it) == 0 })
        AttentionHeat.colors(floatArrayOf(-1f, Float.NaN, 2f), 1, null, null, colors)
        assertEquals(listOf(0, 0, 190), colors.map(::alpha))
    }

    @Test
    fun `probabilities are drawn on a scale of their own`() {
        val colors = IntArray(3)
        AttentionHeat.colors(floatArrayOf(0f, 0.5f, 1.5f), 1, null, 1f, colors)
        assertEquals(listOf(0, 95, 190), colors.map(::alpha))
    }

    @Test
    fun `sizes that do not fit are refused`() {
        val calls = listOf(
            { AttentionHeat.colors(FloatArray(5), 2, null, null, IntArray(3)) },
            { AttentionHeat.colors(FloatArray(6), 2, 2, null, IntArray(3)) },
            { AttentionHeat.colors(FloatArray(0), 0, null, null, IntArray(0)) },
        )
        for (call in calls) assertThrows(IllegalArgumentException::class.java) { call() }
    }
}
