package org.kerasmadd.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class ZoomTest {
    @Test
    fun `fingers move it within what the camera can`() {
        val zoom = Zoom(least = 0.5f, most = 8f)
        assertTrue(zoom.isPlain)
        assertEquals(2f, zoom.scaledBy(2f).ratio)
        assertEquals(8f, zoom.scaledBy(100f).ratio)
        assertEquals(0.5f, zoom.scaledBy(0.001f).ratio)
        assertFalse(zoom.scaledBy(2f).isPlain)
        for (broken in listOf(0f, -1f, Float.NaN, Float.POSITIVE_INFINITY)) {
            assertEquals(zoom, zoom.scaledBy(broken))
        }
        assertThrows(IllegalArgumentException::class.java) { Zoom(2f, 1f) }
    }
}
