package org.kerasmadd.demo.model

import android.content.res.AssetManager
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import java.io.IOException
import java.io.InputStream
import org.kerasmadd.core.ModelContract
import org.kerasmadd.core.ModelContractException
import org.kerasmadd.core.PixelPacking
import org.kerasmadd.core.SelfCheck

/** The model that ships with the app: file, description, self-check. */
class ModelAssets(private val assets: AssetManager) {
    /**
     * Reads the description and makes sure that the model file is the one described.
     *
     * @throws ModelContractException where an asset is missing or is not what it should be.
     */
    fun contract(): ModelContract {
        val contract = description()
        opened(MODEL) { contract.checkFile(it) }
        return contract
    }

    /** Reads the description alone. */
    fun description(): ModelContract = ModelContract.parse(text(DESCRIPTION))

    /** Reads the golden crop's probability. */
    fun selfCheck(contract: ModelContract): SelfCheck = SelfCheck.parse(text(SELF_CHECK), contract)

    /** Reads all golden crops' probabilities, as they lie beside a test that runs on a phone. */
    fun selfChecks(contract: ModelContract): List<SelfCheck> = assets.list("").orEmpty()
        .filter { it.startsWith(GOLDEN) && it.endsWith(".json") }
        .sorted()
        .map { SelfCheck.parse(text(it), contract) }

    /** Decodes the golden crop to the bytes that the model takes. */
    fun goldenCrop(check: SelfCheck, contract: ModelContract): ByteArray {
        val options = BitmapFactory.Options().apply {
            inScaled = false
            inPreferredConfig = Bitmap.Config.ARGB_8888
        }
        val bitmap = opened(check.crop) { BitmapFactory.decodeStream(it, null, options) }
            ?: throw ModelContractException("${check.crop} is not a picture.")
        val (width, height) = bitmap.width to bitmap.height
        if (width != contract.inputWidth || height != contract.inputHeight) {
            throw ModelContractException(
                "${check.crop} must be of the model's size. Received: ${width}x$height",
            )
        }
        val pixels = IntArray(width * height)
        bitmap.getPixels(pixels, 0, width, 0, 0, width, height)
        bitmap.recycle()
        return ByteArray(3 * pixels.size).also { PixelPacking.argbToRgb(pixels, it) }
    }

    private fun text(name: String): String = opened(name) { it.readBytes().decodeToString() }

    private inline fun <T> opened(name: String, read: (InputStream) -> T): T = try {
        assets.open(name).use(read)
    } catch (error: IOException) {
        throw ModelContractException("The asset $name is missing or unreadable.", error)
    }

    companion object {
        const val MODEL = "model.tflite"
        const val DESCRIPTION = "model.json"
        const val SELF_CHECK = "self_check.json"
        private const val GOLDEN = "golden_crop_"
    }
}
