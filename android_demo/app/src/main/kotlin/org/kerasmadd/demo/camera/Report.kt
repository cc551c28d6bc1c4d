package org.kerasmadd.demo.camera

import android.os.Handler
import android.os.Looper
import org.kerasmadd.core.UiEvent
import org.kerasmadd.demo.ui.Shot

/**
 * Tells the main thread what comes of the frames, until it is muted.
 *
 * @param onEvent receives what happened.
 * @param onShot receives what to draw.
 */
internal class Report(
    private val onEvent: (UiEvent) -> Unit,
    private val onShot: (Shot) -> Unit,
) {
    private val main = Handler(Looper.getMainLooper())

    // Touched on the main thread alone.
    private var muted = false

    fun tell(event: UiEvent) = post { onEvent(event) }

    /** Faces and what to draw of them belong together. */
    fun tell(event: UiEvent.FrameScored, shot: Shot) = post {
        onEvent(event)
        onShot(shot)
    }

    /** Does something on the main thread. */
    fun post(work: () -> Unit) {
        main.post { if (!muted) work() }
    }

    /** Nothing is told from now on. Call it on the main thread. */
    fun mute() {
        muted = true
    }
}
