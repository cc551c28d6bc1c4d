package org.kerasmadd.core

/**
 * What is looked at before a file is read as JSON: its size, how deep brackets lie in one another,
 * and that no key of the outermost object stands there twice. The twin of
 * `keras_madd.support.schema.read_json`.
 */
internal object JsonBounds {
    private const val MOST_CHARACTERS = 1 shl 20
    private const val MOST_NESTING = 32

    /** @throws ModelContractException where a bound is passed. */
    fun check(text: String, file: String) {
        if (text.length > MOST_CHARACTERS) refuse(file, "more than $MOST_CHARACTERS characters")
        val keys = HashSet<String>()
        var depth = 0
        var place = 0
        while (place < text.length) {
            when (text[place]) {
                '[', '{' -> if (++depth > MOST_NESTING) refuse(file, "more than $MOST_NESTING brackets in one another")
                ']', '}' -> depth--
                '"' -> {
                    val end = endOfText(text, place)
                    val key = text.substring(minOf(place + 1, end), end)
                    val isKey = nextAfter(text, end) == ':'
                    if (depth == 1 && isKey && !keys.add(key)) refuse(file, "the key $key stands there twice")
                    place = end
                }
            }
            place++
        }
    }

    private fun endOfText(text: String, start: Int): Int {
        var place = start + 1
        while (place < text.length && text[place] != '"') place += if (text[place] == '\\') 2 else 1
        return minOf(place, text.length)
    }

    private fun nextAfter(text: String, place: Int): Char? {
        var next = place + 1
        while (next < text.length && text[next].isWhitespace()) next++
        return text.getOrNull(next)
    }

    private fun refuse(file: String, why: String): Nothing =
        throw ModelContractException("$file cannot be read as JSON: $why")
}
