package org.kerasmadd.core

import java.io.File
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The files that the app is built with, read as the app reads them: the trained detector. */
class ShippedAssetsTest {
    private val folder = File(System.getProperty("assets.folder") ?: "../app/src/main/assets")

    private fun asset(name: String) = File(folder, name)

    private val contract = ModelContract.parse(asset("model.json").readText())

    @Test
    fun `the model is the one described, and one whose scores mean something`() {
        asset("model.tflite").inputStream().use(contract::checkFile)
        assertFalse(contract.demonstration)
        assertTrue(contract.trainingData.isNotBlank())
        assertTrue(contract.numAttentionMaps > 0)
        assertTrue(asset("model.tflite").length() < 16_000_000)
    }

    @Test
    fun `it says fake, uncertain or no trace, and calls nobody real`() {
        assertNotNull(contract.calibration.clearThreshold)
        val words = (0..1000).map { contract.calibration.verdict(it / 1000.0) }
        assertEquals(listOf(Verdict.NO_TRACE, Verdict.UNCERTAIN, Verdict.FAKE), words.distinct())
    }

    @Test
    fun `the self-check is of this model, and its picture has the model's size`() {
        val check = SelfCheck.parse(asset("self_check.json").readText(), contract)
        val picture = Picture.read(asset(check.crop))
        assertEquals(contract.inputWidth to contract.inputHeight, picture.width to picture.height)
        // A constant would be caught.
        for (constant in listOf(0.0, 0.5, 1.0)) assertTrue(!check.compare(constant).passed)
    }
}
