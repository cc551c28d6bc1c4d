package org.kerasmadd.demo.ui

import android.app.Activity
import android.graphics.Bitmap
import android.widget.Toast
import java.io.IOException
import org.kerasmadd.core.ModelInfo
import org.kerasmadd.demo.R

/** What the share button does, in camera and gallery. */
class ShareAction(private val activity: Activity) {
    /**
     * Shares a result, or says that there is none.
     *
     * @param picture upright, of the size of [shot].
     */
    fun share(picture: Bitmap?, shot: Shot?, model: ModelInfo, heat: HeatChoice) {
        if (picture == null || shot == null || shot.faces.isEmpty()) {
            tell(activity.getString(R.string.share_nothing))
            return
        }
        val drawing = ResultPicture(activity)
        try {
            val result = drawing.draw(picture, shot, model, heat)
            Sharing.share(activity, result, drawing.caption(shot, model, heat))
        } catch (error: IOException) {
            fail(error.message.orEmpty())
        } catch (error: OutOfMemoryError) {
            fail(activity.getString(R.string.memory_short))
        }
    }

    private fun fail(reason: String) = tell(activity.getString(R.string.share_failed, reason))

    private fun tell(text: String) = Toast.makeText(activity, text, Toast.LENGTH_LONG).show()
}
