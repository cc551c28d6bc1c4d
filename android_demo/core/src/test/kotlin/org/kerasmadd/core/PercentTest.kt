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
        assertEquals(expected, probabilities.map { percent(it, Calibration(1.0, 0.5)) })
    }

    @Test
    fun `what lies below a threshold is not said to reach it`() {
        // Said as 92 and 41 %.
        val thresholds = Calibration(1.0, 0.921, 0.409)
        val probabilities = listOf(0.405, 0.4089, 0.409, 0.914, 0.918, 0.9209, 0.921)
        val expected = listOf("40 %", "40 %", "41 %", "91 %", "91 %", "91 %", "92 %")
        assertEquals(expected, probabilities.map { percent(it, thresholds) })
        val narrow = Calibration(1.0, 0.994, 0.013)
        assertEquals(listOf("<1 %", "98 %", ">99 %"), listOf(0.012, 0.992, 0.994).map { percent(it, narrow) })
    }
}
