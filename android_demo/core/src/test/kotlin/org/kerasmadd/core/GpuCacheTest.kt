package org.kerasmadd.core

import java.io.File
import java.nio.file.Path
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class GpuCacheTest {
    @TempDir
    lateinit var temporary: Path

    private val parent get() = temporary.resolve("gpu").toFile()

    private fun cache(key: String = "one") = GpuCache(parent, key)

    @Test
    fun `what was compiled is there at the next start`() {
        val folder = cache().begin()
        File(folder, "program.bin").writeText("compiled")
        cache().succeeded()
        assertEquals("compiled", File(cache().begin(), "program.bin").readText())
    }

    @Test
    fun `another model, runtime or driver begins anew, and the old folder goes`() {
        val old = cache().begin()
        cache().succeeded()
        val new = cache("two").begin()
        assertTrue(new.isDirectory && new.list()!!.isEmpty())
        assertFalse(old.exists())
        val keys = listOf(
            GpuCache.keyOf("a", "litert 2.1.6", "phone/1"),
            GpuCache.keyOf("b", "litert 2.1.6", "phone/1"),
            GpuCache.keyOf("a", "litert 2.1.7", "phone/1"),
            GpuCache.keyOf("a", "litert 2.1.6", "phone/2"),
            GpuCache.keyOf("a\nlitert", "2.1.6", "phone/1"),
        )
        assertEquals(keys.size, keys.toSet().size)
        assertEquals(keys[0], GpuCache.keyOf("a", "litert 2.1.6", "phone/1"))
        assertTrue(keys.all { Regex("[0-9a-f]{32}").matches(it) })
    }

    @Test
    fun `after a crash while opening the folder is empty`() {
        File(cache().begin(), "program.bin").writeText("crashes the driver")
        // Neither succeeded nor failed: the process died.
        assertEquals(emptyList<String>(), cache().begin().list()!!.toList())
        cache().succeeded()
        cache().begin()
        cache().succeeded()
        assertTrue(parent.list()!!.toList() == listOf("one"))
    }

    @Test
    fun `a failure takes along what may have caused it`() {
        File(cache().begin(), "program.bin").writeText("wrong")
        cache().failed()
        assertEquals(emptyList<String>(), parent.list()!!.toList())
    }
}
