package org.kerasmadd.core

import java.security.MessageDigest
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** A valid `model.json`, with some values replaced or left out. */
fun modelJson(sha256: String = "0a".repeat(32), vararg changes: Pair<String, String?>): String {
    val values = linkedMapOf<String, String?>(
        "format" to "\"litert\"",
        "quantization" to "\"float16\"",
        "input_size" to "[16, 16]",
        "num_attention_maps" to "4",
        "sha256" to "\"$sha256\"",
        "batch" to "1",
        "classes" to "[\"real\", \"fake\"]",
        "crop_margin" to "1.3",
        "detector" to "\"auto\"",
        "training_data" to "\"made-up faces\"",
        "demonstration" to "true",
        "metrics" to "{\"auc\": 0.5}",
        "color_order" to "\"RGB\"",
        "pixel_range" to "[0, 255]",
        "input_name" to "\"image\"",
        "input_type" to "\"float32\"",
        "output_names" to "[\"fake_probability\", \"attention_maps\"]",
        "temperature" to "1.5",
        "threshold" to "0.4",
        "schema_version" to "2",
    )
    values.putAll(changes)
    val entries = values.filterValues { it != null }.map { (key, value) -> "\"$key\": $value" }
    return entries.joinToString(", ", "{", "}")
}

class ModelContractTest {
    private fun refused(message: String, json: String) {
        val problem = assertThrows(ModelContractException::class.java) { ModelContract.parse(json) }
        assertTrue(problem.message!!.contains(message), "${problem.message} should say: $message")
    }

    @Test
    fun `reads every value`() {
        val contract = ModelContract.parse(modelJson())
        assertEquals(
            ModelContract(
                quantization = "float16",
                inputHeight = 16,
                inputWidth = 16,
                numAttentionMaps = 4,
                sha256 = "0a".repeat(32),
                classes = listOf("real", "fake"),
                cropMargin = 1.3,
                detector = "auto",
                trainingData = "made-up faces",
                demonstration = true,
                inputName = "image",
                inputType = InputType.FLOAT32,
                outputNames = listOf("fake_probability", "attention_maps"),
                calibration = Calibration(1.5, 0.4),
            ),
            contract,
        )
        assertEquals(
            InputType.UINT8,
            ModelContract.parse(modelJson(changes = arrayOf("input_type" to "\"uint8\""))).inputType,
        )
    }

    @Test
    fun `a model without attention maps is fine`() {
        val json = modelJson(
            changes = arrayOf("num_attention_maps" to "0", "output_names" to "[\"fake_probability\"]"),
        )
        assertEquals(0, ModelContract.parse(json).numAttentionMaps)
    }

    @Test
    fun `maps of blending have a scale, attention maps have none`() {
        val attention = ModelContract.parse(modelJson())
        assertEquals("attention_maps" to null, attention.mapsOutput to attention.fullScale)
        val names = "output_names" to "[\"blend_maps\", \"fake_probability\"]"
        val blending = ModelContract.parse(modelJson(changes = arrayOf(names)))
        assertEquals("blend_maps" to 1f, blending.mapsOutput to blending.fullScale)
    }

    @Test
    fun `a key too few or too many is refused, whichever`() {
        val keys = Regex("\"([a-z0-9_]+)\": ").findAll(modelJson().replace("\"auc\": ", "")).map { it.groupValues[1] }
        val all = keys.toList()
        assertEquals(20, all.size)
        for (key in all - "schema_version") {
            refused("model.json lacks $key.", modelJson(changes = arrayOf(key to null)))
        }
        refused("unknown keys: colour, size", modelJson(changes = arrayOf("size" to "1", "colour" to "2")))
    }

    @Test
    fun `another schema version is refused first`() {
        refused("schema version 1; this app reads 2 and 3", modelJson(changes = arrayOf("schema_version" to "1")))
        refused("schema version null", modelJson(changes = arrayOf("schema_version" to null, "batch" to null)))
        refused("schema version \"2\"", modelJson(changes = arrayOf("schema_version" to "\"2\"")))
    }

    @Test
    fun `schema 3 has the threshold of the words, schema 2 has not`() {
        fun json(version: Int, clear: String?) = modelJson(
            changes = arrayOf("schema_version" to "$version", "clear_threshold" to clear),
        )
        assertEquals(Calibration(1.5, 0.4, 0.1), ModelContract.parse(json(3, "0.1")).calibration)
        refused("model.json lacks clear_threshold.", json(3, null))
        refused("unknown keys: clear_threshold", json(2, "0.1"))
        for (wrong in listOf("0.5", "-0.1", "null", "\"0.1\"")) {
            refused("model.json: `clear_threshold` must be", json(3, wrong))
        }
    }

    @Test
    fun `values of the wrong kind are refused and named`() {
        val wrong = listOf(
            "format" to "\"onnx\"", "format" to "1",
            "quantization" to "null",
            "input_size" to "[16]", "input_size" to "[16, 12]", "input_size" to "[0, 0]",
            "input_size" to "[16.0, 16.0]", "input_size" to "16", "input_size" to "[9999, 9999]",
            "num_attention_maps" to "-1", "num_attention_maps" to "\"4\"", "num_attention_maps" to "null",
            "sha256" to "\"abc\"", "sha256" to "\"${"G".repeat(64)}\"",
            "batch" to "2", "batch" to "null", "batch" to "true",
            "classes" to "[\"real\"]", "classes" to "[1, 2]", "classes" to "\"real\"",
            "crop_margin" to "0", "crop_margin" to "10", "crop_margin" to "\"1.3\"", "crop_margin" to "NaN",
            "crop_margin" to "1e999", "crop_margin" to "1f",
            "detector" to "\"haar\"",
            "training_data" to "[]",
            "demonstration" to "\"true\"", "demonstration" to "1", "demonstration" to "null",
            "metrics" to "[]",
            "color_order" to "\"BGR\"",
            "pixel_range" to "[0, 1]",
            "input_name" to "3",
            "input_type" to "\"int8\"",
            "output_names" to "[\"attention_maps\"]", "output_names" to "[\"fake_probability\"]",
            "output_names" to "[\"fake_probability\", \"attention_maps\", \"blend_maps\"]",
            "temperature" to "0", "temperature" to "-1", "temperature" to "Infinity",
            "threshold" to "1.5", "threshold" to "null",
        )
        for ((key, value) in wrong) {
            refused("model.json: `$key` must be", modelJson(changes = arrayOf(key to value)))
        }
    }

    @Test
    fun `what is no JSON object is refused`() {
        refused("cannot be read as JSON", "{")
        refused("cannot be read as JSON", "")
        refused("must hold an object", "[]")
    }

    @Test
    fun `the file must be the one described`() {
        val bytes = ByteArray(200_000) { (it * 7).toByte() }
        val sha256 = MessageDigest.getInstance("SHA-256").digest(bytes).joinToString("") { "%02x".format(it) }
        ModelContract.parse(modelJson(sha256)).checkFile(bytes.inputStream())
        bytes[150_000] = 0
        val problem = assertThrows(ModelContractException::class.java) {
            ModelContract.parse(modelJson(sha256)).checkFile(bytes.inputStream())
        }
        assertTrue(problem.message!!.contains("describes another file"))
    }

    private val golden = Golden.json("model_descriptions.json").jsonObject

    private fun changed(case: JsonObject): String =
        JsonObject(golden.getValue("valid").jsonObject + case.getValue("changes").jsonObject).toString()

    @Test
    fun `takes what Python takes`() {
        for (each in golden.getValue("good").jsonArray.map { it.jsonObject }) {
            if ("python_only" in each) {
                assertThrows(ModelContractException::class.java) { ModelContract.parse(changed(each)) }
            } else {
                ModelContract.parse(changed(each))
            }
        }
    }

    @Test
    fun `refuses what Python refuses, and names it`() {
        for (each in golden.getValue("bad").jsonArray.map { it.jsonObject }) {
            val problem = assertThrows(ModelContractException::class.java, { ModelContract.parse(changed(each)) }, each.text("name"))
            val words = each.text("wrong").replace("schema_version", "schema version")
            assertTrue(problem.message!!.contains(words), "${each.text("name")}: ${problem.message}")
        }
    }

    @Test
    fun `refuses what is no JSON to Python`() {
        for (each in golden.getValue("not_json").jsonArray.map { it.jsonObject }) {
            assertThrows(ModelContractException::class.java, { ModelContract.parse(each.text("text")) }, each.text("name"))
        }
        for (text in listOf("[".repeat(200_000), "{\"a\":".repeat(200_000), " ".repeat(2_000_000), "{\"", "{\"\\")) {
            assertThrows(ModelContractException::class.java) { ModelContract.parse(text) }
        }
    }
}
