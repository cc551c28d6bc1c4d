package org.kerasmadd.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

class SafeInsetsTest {
    @Test
    fun `content keeps away from bars and from the cutout`() {
        // Held on its side: the camera's cutout is left, the bar of the buttons right.
        val bars = SafeInsets(0, 24, 48, 0)
        val cutout = SafeInsets(33, 0, 0, 0)
        assertEquals(SafeInsets(33, 24, 48, 0), bars.and(cutout))
        assertEquals(bars.and(cutout), cutout.and(bars))
        assertEquals(bars, bars.and(SafeInsets(0, 0, 0, 0)))
    }
}
