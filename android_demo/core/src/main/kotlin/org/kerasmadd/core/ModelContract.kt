package org.kerasmadd.core

import java.io.InputStream
import java.security.MessageDigest
import java.util.Locale

/** An asset is not what its description says, or the description is not one this app reads. */
class ModelContractException(message: String, cause: Throwable? = null) : Exception(message, cause)

/** Type of the numbers in the model's input. */
enum class InputType { FLOAT32, UINT8 }

/**
 * The content of `model.json`, schema 2 or 3: the twin of `keras_madd.inference.model_description`.
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
 * @property calibration temperature and thresholds.
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
     * The output that is laid over faces, or null: attention maps of any scale, or how sure the
     * network is of each place that it was blended.
     */
    val mapsOutput: String? get() = MAPS_OUTPUTS.firstOrNull(outputNames::contains)

    val marksBlending: Boolean get() = mapsOutput == BLEND_MAPS

    /** The value of a map that is drawn at full strength; null: the largest there is. */
    val fullScale: Float? get() = if (marksBlending) 1f else null

    /**
     * Reads the model file to its end and checks that it is the one described. The caller closes
     * the stream.
     *
     * @throws ModelContractException where it is another.
     */
    fun checkFile(model: InputStream) {
        val digest = MessageDigest.getInstance("SHA-256")
        val buffer = ByteArray(1 shl 16)
        while (true) {
            val count = model.read(buffer)
            if (count < 0) break
            digest.update(buffer, 0, count)
        }
        val found = digest.digest().joinToString("") { "%02x".format(Locale.ROOT, it) }
        if (found != sha256) {
            throw ModelContractException(
                "model.json describes another file: it says sha256 ${sha256.take(12)}..., the file " +
                    "has ${found.take(12)}.... Export the model again.",
            )
        }
    }

    companion object {
        const val SCHEMA_VERSION = 2

        /** The same with `clear_threshold`. */
        const val WORDS_SCHEMA_VERSION = 3
        const val FAKE_PROBABILITY = "fake_probability"
        const val ATTENTION_MAPS = "attention_maps"
        const val BLEND_MAPS = "blend_maps"

        /**
         * Reads a description and checks it: no key too few, none too many, every value of its
         * kind, and nothing this app cannot run.
         *
         * @throws ModelContractException naming the key.
         */
        fun parse(json: String): ModelContract {
            val file = StrictJson(json, "model.json", VERSIONS)
            val inputSize = file.wholes("input_size")
            file.require(inputSize.size == 2 && inputSize.all { it in SIDES }, "input_size", "[height, width], each $SIDES")
            file.require(inputSize[0] == inputSize[1], "input_size", "square, as faces are cut out")
            file.require(inputSize[0] <= FaceCropper.MAX_SIZE, "input_size", "${FaceCropper.MAX_SIZE} at most")
            file.require(file.text("format") == "litert", "format", "\"litert\"")
            file.require(file.whole("batch") == 1, "batch", "1")
            file.require(file.text("color_order") == "RGB", "color_order", "\"RGB\"")
            file.require(file.wholes("pixel_range") == listOf(0, 255), "pixel_range", "[0, 255]")
            file.requireObject("metrics")
            return ModelContract(
                quantization = file.text("quantization"),
                inputHeight = inputSize[0],
                inputWidth = inputSize[1],
                numAttentionMaps = file.whole("num_attention_maps"),
                sha256 = file.text("sha256"),
                classes = file.texts("classes"),
                cropMargin = file.number("crop_margin"),
                detector = file.text("detector"),
                trainingData = file.text("training_data"),
                demonstration = file.truth("demonstration"),
                inputName = file.text("input_name"),
                inputType = inputType(file),
                outputNames = file.texts("output_names"),
                calibration = calibration(file),
            ).also { check(it, file) }
        }

        private fun inputType(file: StrictJson): InputType {
            val type = INPUT_TYPES[file.text("input_type")]
            file.require(type != null, "input_type", "one of ${INPUT_TYPES.keys}")
            return type!!
        }

        private fun calibration(file: StrictJson): Calibration {
            val temperature = file.number("temperature")
            val threshold = file.number("threshold")
            file.require(temperature in TEMPERATURES, "temperature", "in $TEMPERATURES")
            file.require(threshold in 0.0..1.0, "threshold", "from 0 to 1")
            val clear = file.numberIfThere("clear_threshold")
            file.require(
                clear == null || clear in 0.0..threshold,
                "clear_threshold",
                "from 0 to `threshold`",
            )
            return Calibration(temperature, threshold, clear)
        }

        private fun check(contract: ModelContract, file: StrictJson) {
            val maps = contract.numAttentionMaps
            file.require(maps in MAPS, "num_attention_maps", "in $MAPS")
            file.require(isWords(contract.quantization, 200), "quantization", "a short text")
            file.require(isWords(contract.trainingData, 10_000), "training_data", "10,000 characters at most")
            file.require(NAME.matches(contract.inputName), "input_name", "a name")
            file.require(SHA256.matches(contract.sha256), "sha256", "64 hexadecimal digits")
            val classes = contract.classes
            file.require(classes.size in 2..1000 && classes.all { isWords(it, 200) }, "classes", "two or more names")
            file.require(
                classes.toSet().size == classes.size && classes[0] != "fake" && "real" !in classes.drop(1),
                "classes",
                "different, the real one first",
            )
            file.require(contract.cropMargin in MARGINS, "crop_margin", "in $MARGINS")
            file.require(contract.detector in DETECTORS, "detector", "one of $DETECTORS")
            val names = contract.outputNames
            file.require(
                names.size in 1..8 && names.toSet().size == names.size && names.all(NAME::matches),
                "output_names",
                "different names",
            )
            file.require(FAKE_PROBABILITY in names, "output_names", "with \"$FAKE_PROBABILITY\"")
            file.require(
                MAPS_OUTPUTS.count(names::contains) == (if (maps > 0) 1 else 0),
                "output_names",
                "with one of $MAPS_OUTPUTS where `num_attention_maps` is above 0",
            )
        }

        private fun isWords(text: String, most: Int): Boolean =
            text.length <= most && text.none { it < ' ' || it == '\u007f' }

        // As keras_madd.inference.model_description has them.
        private val SIDES = 8..4096
        private val MAPS = 0..1024
        private val MARGINS = 0.5..5.0
        private val TEMPERATURES = 0.01..100.0
        private val NAME = Regex("[A-Za-z0-9_.:/-]{1,100}")
        private val SHA256 = Regex("[0-9a-f]{64}")
        private val MAPS_OUTPUTS = listOf(ATTENTION_MAPS, BLEND_MAPS)
        private val DETECTORS = setOf("auto", "short", "full")
        private val INPUT_TYPES =
            mapOf("float32" to InputType.FLOAT32, "uint8" to InputType.UINT8)
        private val KEYS = setOf(
            "format", "quantization", "input_size", "num_attention_maps", "sha256", "batch",
            "classes", "crop_margin", "detector", "training_data", "demonstration", "metrics",
            "color_order", "pixel_range", "input_name", "input_type", "output_names",
            "temperature", "threshold",
        )
        private val VERSIONS =
            mapOf(SCHEMA_VERSION to KEYS, WORDS_SCHEMA_VERSION to KEYS + "clear_threshold")
    }
}
