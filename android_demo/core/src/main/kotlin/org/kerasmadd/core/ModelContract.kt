package org.kerasmadd.core

import java.io.InputStream

/** An asset is not what its description says, or the description is not one this app reads. */
class ModelContractException(message: String, cause: Throwable? = null) : Exception(message, cause)

/** Type of the numbers in the model's input. */
enum class InputType { FLOAT32, UINT8 }

/**
 * The content of `model.json`, schema 2: the twin of `keras_madd.exporting.model_json`.
 *
 * @property quantization how the numbers are stored, such as `float16`.
 * @property inputHeight in pixels.
 * @property inputWidth in pixels.
 * @property numAttentionMaps M; 0 where the file gives none.
 * @property sha256 of the model file, in lower-case hexadecimal.
 * @property classes names of the outputs; the first is the real one.
 * @property cropMargin side of the square crop over the longer side of the detected box.
 * @property detector `auto`, `short` or `full`: the BlazeFace model the crops are made with.
 * @property trainingData what the model was trained on, in words.
 * @property demonstration whether it only shows how things work and must not be relied on.
 * @property inputName name of the input in the file's signature.
 * @property inputType whether pixels go in as floats or as bytes; 0 to 255 both times.
 * @property outputNames names of the outputs in the file's signature.
 * @property calibration temperature and threshold.
 */
data class ModelContract(
    val quantization: String,
    val inputHeight: Int,
    val inputWidth: Int,
    val numAttentionMaps: Int,
    val sha256: String,
    val classes: List<String>,
    val cropMargin: Double,
    val detector: String,
    val trainingData: String,
    val demonstration: Boolean,
    val inputName: String,
    val inputType: InputType,
    val outputNames: List<String>,
    val calibration: Calibration,
) {
    /**
     * Reads the model file to its end and checks that it is the one described.
     *
     * @throws ModelContractException where it is another.
     */
    fun checkFile(model: InputStream): Unit = TODO()

    companion object {
        const val SCHEMA_VERSION = 2
        const val FAKE_PROBABILITY = "fake_probability"
        const val ATTENTION_MAPS = "attention_maps"

        /**
         * Reads a description and checks it: no key too few, none too many, every value of its
         * kind, and nothing this app cannot run.
         *
         * @throws ModelContractException naming the key.
         */
        fun parse(json: String): ModelContract = TODO()
    }
}
