package org.kerasmadd.demo.ui

import org.junit.Assert.assertEquals
import org.junit.Test

class VerdictAnnouncerTest {
    /** What is spoken while texts are shown every 100 ms. */
    private fun spoken(texts: List<String>): List<Pair<Int, String>> {
        val announcer = VerdictAnnouncer(settleMillis = 700, restMillis = 3000)
        return texts.mapIndexedNotNull { tick, text ->
            announcer.offer(text, 100L * tick)?.let { tick to it }
        }
    }

    @Test
    fun `a text is spoken once, after it lasted`() {
        assertEquals(listOf(7 to "real"), spoken(List(100) { "real" }))
    }

    @Test
    fun `what flickers is not spoken`() {
        assertEquals(emptyList<Any>(), spoken(List(100) { if (it % 6 < 3) "real" else "no face" }))
    }

    @Test
    fun `a change is spoken when it lasted and there was a rest`() {
        val texts = List(10) { "real" } + List(100) { "fake" }
        assertEquals(listOf(7 to "real", 37 to "fake"), spoken(texts))
        val later = List(60) { "real" } + List(40) { "fake" }
        assertEquals(listOf(7 to "real", 67 to "fake"), spoken(later))
    }

    @Test
    fun `a short interruption is not spoken of, nor what was said before`() {
        val texts = List(50) { "real" } + List(5) { "no face" } + List(50) { "real" }
        assertEquals(listOf(7 to "real"), spoken(texts))
    }
}
