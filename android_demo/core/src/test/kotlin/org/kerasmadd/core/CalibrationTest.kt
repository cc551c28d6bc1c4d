package org.kerasmadd.core

import kotlinx.serialization.json.jsonObject
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class CalibrationTest {
    @Test
    fun `equals Python on every golden vector`() {
        val cases = Golden.json("calibration.json").jsonObject.list("cases").map { it.jsonObject }
        assertTrue(cases.size > 20)
        for (case in cases) {
            val calibration = Calibration(
                case.number("temperature"), case.number("threshold"), case.numberOrNull("clear_threshold"),
            )
            val shown = calibration.calibrate(case.number("probability"))
            assertEquals(case.number("calibrated"), shown, 1e-12, "$case")
            assertEquals(case.text("verdict"), calibration.verdict(shown).word, "$case")
        }
    }

    @Test
    fun `temperature 1 changes nothing, one half stays, order stays`() {
        for (p in listOf(0.01, 0.3, 0.5, 0.77, 0.999)) {
            assertEquals(p, Calibration(1.0, 0.5).calibrate(p), 1e-12)
            assertEquals(0.5, Calibration(3.0, 0.5).calibrate(0.5), 1e-15)
        }
        val shown = (0..1000).map { Calibration(2.5, 0.5).calibrate(it / 1000.0) }
        assertEquals(shown.sorted(), shown)
    }

    @Test
    fun `a threshold of the user's own keeps the words in order`() {
        val own = Calibration(1.0, 0.7, 0.3)
        assertEquals(Calibration(1.0, 0.5, 0.3), own.withThreshold(0.5))
        assertEquals(Calibration(1.0, 0.2, 0.2), own.withThreshold(0.2))
        assertEquals(Calibration(1.0, 0.2), Calibration(1.0, 0.7).withThreshold(0.2))
    }

    @Test
    fun `refuses what is no probability`() {
        val calls = listOf(
            { Calibration(0.0, 0.5) },
            { Calibration(Double.NaN, 0.5) },
            { Calibration(Double.POSITIVE_INFINITY, 0.5) },
            { Calibration(1.0, 1.1) },
            { Calibration(1.0, 0.5, 0.6) },
            { Calibration(1.0, 0.5, -0.1) },
            { Calibration(1.0, 0.5, Double.NaN) },
            { Calibration(1.0, 0.5).calibrate(Double.NaN) },
            { Calibration(1.0, 0.5).calibrate(-0.1) },
        )
        for (call in calls) assertThrows(IllegalArgumentException::class.java) { call() }
    }
}
