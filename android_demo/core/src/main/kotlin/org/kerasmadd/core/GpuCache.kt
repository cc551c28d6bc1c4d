package org.kerasmadd.core

import java.io.File
import java.security.MessageDigest

/**
 * The folder of compiled GPU programs, so that the GPU opens at once from the second start on.
 *
 * Programs are of one model, one runtime and one driver: whatever of these changes gets a folder of
 * its own, and the old ones go. A start that did not end, as when a driver crashed over what it had
 * kept, leaves a mark; the next one then begins with an empty folder.
 *
 * @param parent where the folders lie; whatever else is in it is deleted.
 * @property key of model, runtime and device, see [keyOf].
 */
class GpuCache(private val parent: File, val key: String) {
    private val folder = File(parent, key)
    private val mark = File(parent, "$key.opening")

    /** Returns the folder to open the GPU with. Call [succeeded] or [failed] afterwards. */
    fun begin(): File {
        val crashed = mark.exists()
        parent.listFiles().orEmpty()
            .filter { crashed || it.name != key }
            .forEach { it.deleteRecursively() }
        folder.mkdirs()
        mark.createNewFile()
        return folder
    }

    /** The GPU was opened and computes what it must. */
    fun succeeded() {
        mark.delete()
    }

    /** It was not: what is kept may be why, so it goes. */
    fun failed() {
        folder.deleteRecursively()
        mark.delete()
    }

    companion object {
        private const val KEY_LENGTH = 32

        /**
         * Returns a key, fit for the name of a file.
         *
         * @param modelSha256 of the model file.
         * @param runtime name and version of what compiles.
         * @param device what changes with the driver, such as Android's build fingerprint.
         */
        fun keyOf(modelSha256: String, runtime: String, device: String): String {
            val text = listOf(modelSha256, runtime, device).joinToString("\n")
            val digest = MessageDigest.getInstance("SHA-256").digest(text.toByteArray())
            return digest.joinToString("") { "%02x".format(it) }.take(KEY_LENGTH)
        }
    }
}
