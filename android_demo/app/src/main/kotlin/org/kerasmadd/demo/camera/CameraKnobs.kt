package org.kerasmadd.demo.camera

import android.content.Context
import android.view.View
import org.kerasmadd.demo.R
import org.kerasmadd.demo.ui.Screen

/**
 * The lamp's button, pinching and tapping, for whichever camera runs.
 *
 * @param onChanged hears that [words] are others now.
 */
class CameraKnobs(private val screen: Screen, private val onChanged: () -> Unit) {
    /** Of the camera that runs, or null while none does. */
    var controls: CameraControls? = null
        set(value) {
            field = value
            show()
        }

    init {
        screen.torchButton.setOnClickListener {
            controls?.let { it.torch = !it.torch }
            show()
        }
        screen.overlay.onTap = { x, y ->
            controls?.focusAt(x, y)
            controls != null
        }
        screen.overlay.onPinch = { factor ->
            controls?.zoomBy(factor)
            onChanged()
        }
    }

    /** How far it zooms, or "" where that is not worth telling of. */
    fun words(context: Context): String {
        val zoom = controls?.zoom?.takeIf { !it.isPlain } ?: return ""
        return context.getString(R.string.zoom, zoom.ratio)
    }

    private fun show() {
        val shown = controls
        screen.torchButton.visibility = if (shown?.hasTorch == true) View.VISIBLE else View.GONE
        screen.torchButton.isActivated = shown?.torch == true
        screen.torchButton.contentDescription = screen.torchButton.context.getString(
            if (shown?.torch == true) R.string.button_torch_off else R.string.button_torch_on,
        )
        onChanged()
    }
}
