package org.kerasmadd.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

class PercentTest {
    @Test
    fun `a percentage never claims to be certain`() {
        val probabilities = listOf(0.0, 0.004, 0.0099, 0.01, 0.5, 0.987, 0.99, 0.995, 1.0)
        val expected = listOf(
            "<1 %", "<1 %", "<1 %", "1 %", "50 %", "99 %", "99 %", ">99 %", ">99 %",
        )
        assertEquals(expected, probabilities.map(::percent))
    }
}
