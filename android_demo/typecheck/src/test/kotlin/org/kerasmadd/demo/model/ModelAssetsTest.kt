package org.kerasmadd.demo.model

import java.io.File
import javax.imageio.ImageIO
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config

/** The assets that ship, read through Android's own asset manager and PNG decoder. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [33])
class ModelAssetsTest {
    private val assets = ModelAssets(RuntimeEnvironment.getApplication().assets)

    @Test
    fun `model, description and self-check fit each other`() {
        val contract = assets.contract()
        assertEquals(contract.sha256, assets.selfCheck(contract).sha256)
        assertTrue(contract.numAttentionMaps > 0)
    }

    @Test
    fun `the golden crop reaches the model as Python wrote it`() {
        val contract = assets.contract()
        val check = assets.selfCheck(contract)
        val crop = assets.goldenCrop(check, contract)
        assertEquals(3 * contract.inputWidth * contract.inputHeight, crop.size)
        val file = File("../app/src/main/assets/${check.crop}")
        // Another decoder than Android's.
        val picture = ImageIO.read(file)
        for (y in 0 until contract.inputHeight) for (x in 0 until contract.inputWidth) {
            val expected = picture.getRGB(x, y) and 0xffffff
            val at = 3 * (y * contract.inputWidth + x)
            val found = (crop[at].toInt() and 0xff shl 16) or
                (crop[at + 1].toInt() and 0xff shl 8) or (crop[at + 2].toInt() and 0xff)
            assertEquals("($x, $y)", expected, found)
        }
    }
}
