package org.kerasmadd.demo.camera

import androidx.camera.core.Camera
import androidx.camera.core.FocusMeteringAction
import androidx.camera.view.PreviewView
import org.kerasmadd.core.Zoom

/** Lamp, zoom and focus of a started camera. Call it on the main thread. */
class CameraControls(private val camera: Camera, private val previewView: PreviewView) {
    /** Whether there is a lamp; front cameras mostly have none. */
    val hasTorch: Boolean get() = camera.cameraInfo.hasFlashUnit()

    /** Whether the lamp is on. */
    var torch = false
        set(value) {
            field = value && hasTorch
            camera.cameraControl.enableTorch(field)
        }

    /** How far it zooms, or null where it cannot. */
    var zoom: Zoom? = camera.cameraInfo.zoomState.value?.let {
        Zoom(it.minZoomRatio, it.maxZoomRatio, it.zoomRatio)
    }
        private set

    /** Zooms in by a factor above 1, or out. */
    fun zoomBy(factor: Float) {
        val next = zoom?.scaledBy(factor) ?: return
        zoom = next
        camera.cameraControl.setZoomRatio(next.ratio)
    }

    /** Focuses and meters at a point of the preview, in pixels, until the scene changes. */
    fun focusAt(x: Float, y: Float) {
        val point = previewView.meteringPointFactory.createPoint(x, y)
        camera.cameraControl.startFocusAndMetering(FocusMeteringAction.Builder(point).build())
    }
}
