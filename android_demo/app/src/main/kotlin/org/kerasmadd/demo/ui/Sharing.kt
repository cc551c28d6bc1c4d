package org.kerasmadd.demo.ui

import android.app.Activity
import android.content.ClipData
import android.content.Intent
import android.graphics.Bitmap
import androidx.core.content.FileProvider
import java.io.File
import java.io.IOException
import org.kerasmadd.demo.R

/** Hands pictures to other apps. */
object Sharing {
    private const val FOLDER = "shared"
    private const val QUALITY = 92

    /**
     * Asks the user where to send a picture.
     *
     * @param caption goes along as text, for those who cannot see the picture.
     * @throws IOException where it cannot be written.
     */
    fun share(activity: Activity, picture: Bitmap, caption: String) {
        val folder = File(activity.cacheDir, FOLDER)
        if (!folder.isDirectory && !folder.mkdirs()) throw IOException(folder.path)
        // One file: what was shared before is not kept.
        val file = File(folder, "result.jpg")
        file.outputStream().use { picture.compress(Bitmap.CompressFormat.JPEG, QUALITY, it) }
        val address = FileProvider.getUriForFile(activity, activity.packageName + ".shared", file)
        val send = Intent(Intent.ACTION_SEND).apply {
            type = "image/jpeg"
            putExtra(Intent.EXTRA_STREAM, address)
            putExtra(Intent.EXTRA_TEXT, caption)
            clipData = ClipData.newRawUri(null, address)
            addFlags(Intent.FLAG_GRANT_READ_URI_PERMISSION)
        }
        activity.startActivity(Intent.createChooser(send, activity.getString(R.string.share_title)))
    }
}
