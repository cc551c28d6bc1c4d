package org.kerasmadd.core

import java.io.File
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The files that the app is built with, read as the app reads them. */
class ShippedAssetsTest {
    private val folder = File(System.getProperty("assets.folder") ?: "../app/src/main/assets")

    private fun asset(name: String) = File(folder, name)

    @Test
    fun `the model is the one described, and says that it is a demonstration`() {
        val contract = ModelContract.parse(asset("model.json").readText())
        asset("model.tflite").inputStream().use(contract::checkFile)
        assertTrue(contract.demonstration)
        assertTrue(contract.trainingData.isNotBlank())
        assertTrue(asset("model.tflite").length() < 8_000_000)
    }

    @Test
    fun `the self-check is of this model, and its picture has the model's size`() {
        val contract = ModelContract.parse(asset("model.json").readText())
        val check = SelfCheck.parse(asset("self_check.json").readText(), contract)
        val picture = Picture.read(asset(check.crop))
        assertEquals(contract.inputWidth to contract.inputHeight, picture.width to picture.height)
        // A constant would be caught.
        for (constant in listOf(0.0, 0.5, 1.0)) assertTrue(!check.compare(constant).passed)
    }
}
