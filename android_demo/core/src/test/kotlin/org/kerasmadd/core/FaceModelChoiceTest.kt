package org.kerasmadd.core

import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.intOrNull
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class FaceModelChoiceTest {
    private val cases = Golden.json("face_models.json").jsonArray.map { it.jsonObject }

    private fun maxMissed(case: JsonObject) = case.getValue("max_missed").jsonPrimitive.intOrNull

    private fun found(case: JsonObject): List<FaceModel?> = case.list("found_by").map {
        if (it == JsonNull) null else FaceModel.valueOf(it.jsonPrimitive.content.uppercase())
    }

    /** Whose faces count, by a program that says which models look next. */
    private fun played(seen: String, models: () -> List<FaceModel>, update: (FaceModel?) -> Unit) =
        seen.map { letter ->
            val sees = mapOf(FaceModel.SHORT to (letter in "bs"), FaceModel.FULL to (letter in "bf"))
            models().firstOrNull { sees.getValue(it) }.also(update)
        }

    @Test
    fun `equals Python on every golden vector`() {
        assertTrue(cases.size >= 10)
        for (case in cases) {
            val choice = FaceModelChoice(maxMissed(case))
            val played = played(case.text("seen"), { choice.models }, choice::update)
            assertEquals(found(case), played, case.text("name"))
        }
    }

    @Test
    fun `the golden vectors catch models that take turns, and a choice that never ends`() {
        val both = listOf(FaceModel.SHORT, FaceModel.FULL)
        val wrong = cases.filter { played(it.text("seen"), { both }, {}) != found(it) }
        val endless = cases.filter { case ->
            val choice = FaceModelChoice(Int.MAX_VALUE)
            played(case.text("seen"), { choice.models }, choice::update) != found(case)
        }
        assertTrue(wrong.size >= 5 && endless.size >= 3, "$wrong, $endless")
    }

    @Test
    fun `holds as long as a track does`() =
        assertEquals(FaceTracker().maxMissed, FaceModelChoice().maxMissed)

    @Test
    fun `a video's choice is short where that found every face that was found, and stays so`() {
        val (short, full) = listOf(FaceModel.SHORT) to listOf(FaceModel.FULL)
        val cases = listOf("bsb." to short, "bbf" to full, "bfb" to full, "..." to full, "" to full)
        for ((seen, settled) in cases) {
            val choice = FaceModelChoice(null)
            played(seen, { choice.models }, choice::update)
            choice.settle()
            assertEquals(settled, choice.models, seen)
            played("s" + ".".repeat(40) + "b", { choice.models }, choice::update)
            assertEquals(settled, choice.models, seen)
        }
    }

    @Test
    fun `refuses a number below 0`() {
        assertThrows(IllegalArgumentException::class.java) { FaceModelChoice(-1) }
    }
}
