package org.kerasmadd.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Test

class GalleryWorkTest {
    @Test
    fun `work that leaving interrupts is done again, and what was done is not`() {
        val none = GalleryWork<String>()
        assertNull(none.pending)
        val begun = none.choose("photo")
        assertEquals("photo", begun.pending, "left before it was done")
        val done = begun.finish()
        assertNull(done.pending, "shared, and came back")
        assertEquals("photo", done.chosen)
        assertEquals("photo", done.choose("photo").pending, "asked for once more")
    }
}
