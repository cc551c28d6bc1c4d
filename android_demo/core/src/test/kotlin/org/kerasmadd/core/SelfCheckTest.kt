package org.kerasmadd.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class SelfCheckTest {
    private val contract = ModelContract.parse(modelJson())

    private fun json(
        sha256: String = contract.sha256,
        crop: String = "golden_crop.png",
        probability: String = "0.75",
        tolerance: String = "0.02",
    ) = """{"schema_version": 1, "sha256": "$sha256", "crop": "$crop",
        "fake_probability": $probability, "tolerance": $tolerance}"""

    @Test
    fun `passes within the tolerance and not beyond`() {
        val check = SelfCheck.parse(json(), contract)
        assertEquals("golden_crop.png", check.crop)
        assertTrue(check.compare(0.769).passed)
        assertTrue(check.compare(0.731).passed)
        assertFalse(check.compare(0.771).passed)
        assertFalse(check.compare(0.729).passed)
        check.compare(0.75).orThrow()
    }

    @Test
    fun `a NaN is not within any tolerance`() {
        val result = SelfCheck.parse(json(), contract).compare(Double.NaN)
        assertFalse(result.passed)
        assertThrows(SelfCheckException::class.java) { result.orThrow() }
    }

    @Test
    fun `refuses a check of another model, and values that check nothing`() {
        val wrong = mapOf(
            "`sha256` must be that of model.json" to json(sha256 = "00".repeat(32)),
            "`crop` must be" to json(crop = "../golden_crop.png"),
            "`fake_probability` must be from 0 to 1" to json(probability = "1.5"),
            "`tolerance` must be above 0" to json(tolerance = "1"),
            "`tolerance`" to json(tolerance = "0"),
            "lacks tolerance" to json().replace(Regex(",\\s*\"tolerance\": 0.02"), ""),
        )
        for ((message, text) in wrong) {
            val problem = assertThrows(ModelContractException::class.java) { SelfCheck.parse(text, contract) }
            assertTrue(problem.message!!.contains(message), problem.message)
        }
    }
}
