package org.kerasmadd.demo.camera

import android.content.Context
import android.os.Handler
import android.os.Looper
import androidx.activity.ComponentActivity
import androidx.camera.core.CameraState
import androidx.lifecycle.LiveData
import androidx.lifecycle.Observer
import org.kerasmadd.demo.R

/**
 * Says why a camera that was started gives no picture: in use, turned off, gone. Call it on the main
 * thread.
 *
 * An error must last: CameraX ends short ones by itself, and a frame that is scored meanwhile would
 * wipe its message.
 *
 * @param onFailure receives it in words.
 */
class CameraWatch(
    private val activity: ComponentActivity,
    private val state: LiveData<CameraState>,
    private val onFailure: (String) -> Unit,
) : AutoCloseable {
    private val main = Handler(Looper.getMainLooper())
    private var code: Int? = null
    private val observer = Observer<CameraState> { onCode(it.error?.code) }

    init {
        state.observe(activity, observer)
    }

    private fun onCode(next: Int?) {
        if (next == code) return
        code = next
        main.removeCallbacksAndMessages(null)
        if (next != null) main.postDelayed({ onFailure(cameraWords(activity, next)) }, LASTS_MILLIS)
    }

    /** Says nothing any more. */
    override fun close() {
        state.removeObserver(observer)
        main.removeCallbacksAndMessages(null)
    }

    internal companion object {
        const val LASTS_MILLIS = 1000L
    }
}

/** An error of `CameraState.ERROR_*` in the user's words. */
internal fun cameraWords(context: Context, code: Int): String = when (code) {
    CameraState.ERROR_CAMERA_IN_USE, CameraState.ERROR_MAX_CAMERAS_IN_USE ->
        context.getString(R.string.camera_in_use)
    CameraState.ERROR_CAMERA_DISABLED -> context.getString(R.string.camera_disabled)
    else -> context.getString(R.string.camera_error, code)
}
