package org.kerasmadd.core

import kotlinx.serialization.SerializationException
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive

/**
 * A JSON object whose keys and kinds of values are checked, never guessed.
 *
 * @param text the file's content.
 * @param file its name, for messages.
 * @param versions the schema versions that are read, each with all keys that must be there; no other may.
 * @throws ModelContractException where anything differs.
 */
internal class StrictJson(text: String, private val file: String, versions: Map<Int, Set<String>>) {
    private val values: JsonObject

    init {
        JsonBounds.check(text, file)
        val parsed = try {
            Json.parseToJsonElement(text)
        } catch (problem: SerializationException) {
            throw ModelContractException("$file cannot be read as JSON: ${problem.message}", problem)
        }
        values = parsed as? JsonObject ?: throw ModelContractException("$file must hold an object.")
        val found = values["schema_version"].toString()
        val keys = versions.entries.firstOrNull { it.key.toString() == found }?.value
            ?: throw ModelContractException(
                "$file has schema version $found; this app reads ${versions.keys.joinToString(" and ")}. " +
                    "Export the model again.",
            )
        val expected = keys + "schema_version"
        val missing = (expected - values.keys).sorted()
        if (missing.isNotEmpty()) throw ModelContractException("$file lacks ${missing.joinToString()}.")
        val unknown = (values.keys - expected).sorted()
        if (unknown.isNotEmpty()) {
            throw ModelContractException("$file has unknown keys: ${unknown.joinToString()}.")
        }
    }

    fun text(key: String): String =
        textOf(values.getValue(key)) ?: refuse(key, "a string")

    fun texts(key: String): List<String> =
        list(key)?.map { textOf(it) ?: refuse(key, "a list of strings") }
            ?: refuse(key, "a list of strings")

    fun wholes(key: String): List<Int> =
        list(key)?.map { wholeOf(it) ?: refuse(key, "a list of whole numbers") }
            ?: refuse(key, "a list of whole numbers")

    fun whole(key: String): Int = wholeOf(values.getValue(key)) ?: refuse(key, "a whole number")

    fun number(key: String): Double {
        val value = values.getValue(key)
        val text = (value as? JsonPrimitive)?.takeUnless { it.isString }?.content
        if (text == null || text.length > MOST_DIGITS || !NUMBER.matches(text)) refuse(key, "a number")
        return text.toDouble().takeIf { it.isFinite() } ?: refuse(key, "a number")
    }

    /** Returns null where the schema version has no such key. */
    fun numberIfThere(key: String): Double? = if (key in values) number(key) else null

    fun truth(key: String): Boolean {
        val value = values.getValue(key)
        if (value !is JsonPrimitive || value.isString) refuse(key, "true or false")
        return value.content.toBooleanStrictOrNull() ?: refuse(key, "true or false")
    }

    fun requireObject(key: String) {
        if (values.getValue(key) !is JsonObject) refuse(key, "an object")
    }

    /** Refuses a value unless the condition holds. */
    fun require(holds: Boolean, key: String, wanted: String) {
        if (!holds) refuse(key, wanted)
    }

    private fun list(key: String): JsonArray? = values.getValue(key) as? JsonArray

    private fun textOf(value: JsonElement): String? =
        (value as? JsonPrimitive)?.takeIf { it.isString }?.content

    private fun wholeOf(value: JsonElement): Int? {
        if (value !is JsonPrimitive || value is JsonNull || value.isString) return null
        return value.content.takeIf { WHOLE.matches(it) }?.toIntOrNull()
    }

    private fun refuse(key: String, wanted: String): Nothing = throw ModelContractException(
        "$file: `$key` must be $wanted. Received: $key=${values.getValue(key).toString().take(60)}",
    )

    private companion object {
        const val MOST_DIGITS = 25
        val WHOLE = Regex("-?(0|[1-9][0-9]*)")
        val NUMBER = Regex("-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?")
    }
}
