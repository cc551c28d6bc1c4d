package org.kerasmadd.core

import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class PicturePartsTest {
    private val golden = Golden.json("picture_parts.json").jsonObject

    private fun cases(name: String): List<JsonObject> =
        golden.list(name).map { it.jsonObject }.also { assertTrue(it.size >= 6) }

    private fun JsonElement.box(): Box = jsonArray.map { it.jsonPrimitive.int }.toBox()

    @Test
    fun `golden vectors, the parts of a picture`() {
        for (case in cases("parts")) {
            val (width, height) = case.ints("size")
            assertEquals(case.list("parts").map { it.box() }, PictureParts.of(width, height))
        }
    }

    @Test
    fun `golden vectors, whether it is searched in parts`() {
        for (case in cases("small_faces")) {
            val (width, height) = case.ints("size")
            val small = PictureParts.hasSmallFaces(width, height, case.list("boxes").map { it.box() })
            assertEquals(case.truth("small"), small, "$case")
        }
    }

    @Test
    fun `golden vectors, whether two boxes are of one face`() {
        for (case in cases("one_face")) {
            val (box, other) = case.list("boxes").map { it.box() }
            assertEquals(case.truth("one"), PictureParts.areOneFace(box, other), "$case")
        }
    }

    @Test
    fun `a face of several parts counts once, and one that is known does not`() {
        val faces = listOf(Box(100, 90, 60, 60), Box(900, 500, 70, 70), Box(1500, 700, 60, 60))
        // Every part sees what lies in it, the sharper the nearer to its left edge.
        val look = { part: Box ->
            faces.filter { it.x >= part.x && it.right <= part.right && it.y >= part.y && it.bottom <= part.bottom }
                .map { FoundFace(it.copy(x = it.x - part.x, y = it.y - part.y), 1f - it.x % 100 / 1000f) }
        }
        val known = listOf(Box(880, 480, 80, 80))
        val further = PictureParts.further(2000, 900, known, look)
        assertEquals(setOf(faces[0], faces[2]), further.toSet())
        assertEquals(2, further.size)
    }

    @Test
    fun `of a face that two parts saw the surer box counts, and what is unsure does not`() {
        val answers = ArrayDeque(
            listOf(
                listOf(FoundFace(Box(500, 10, 50, 50), 0.8f)),
                listOf(FoundFace(Box(102, 12, 50, 50), 0.9f), FoundFace(Box(300, 300, 50, 50), 0.69f)),
            ),
        )
        val further = PictureParts.further(1200, 700, emptyList()) { answers.removeFirst() }
        assertEquals(listOf(Box(502, 12, 50, 50)), further)
    }

    @Test
    fun `a picture with a large face is not searched`() {
        val large = listOf(Box(0, 0, 200, 200))
        assertEquals(emptyList<Box>(), PictureParts.further(2000, 900, large) { error("not looked at") })
    }
}
