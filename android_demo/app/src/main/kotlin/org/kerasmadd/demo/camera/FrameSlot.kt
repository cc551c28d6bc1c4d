package org.kerasmadd.demo.camera

import android.graphics.Bitmap
import androidx.camera.core.ImageProxy
import java.nio.Buffer
import java.nio.ByteBuffer
import org.kerasmadd.core.Box
import org.kerasmadd.core.FrameGeometry
import org.kerasmadd.core.PixelPacking
import org.kerasmadd.core.RgbaFrame

/**
 * The upright copy of a frame: bytes for cropping and a bitmap of the same for MediaPipe.
 *
 * CameraX's RGBA and Android's ARGB_8888 lie in memory alike: red, green, blue, alpha.
 */
internal class FrameSlot : AutoCloseable {
    private var bytes: ByteBuffer = ByteBuffer.allocateDirect(0)
    private var picture: Bitmap? = null

    var width = 0
        private set
    var height = 0
        private set

    /** When the frame came, by `System.nanoTime`. */
    var arrivedAt = 0L

    /** Whether its camera's view is mirrored; the copy never is. */
    var mirrored = false

    /** The copy as a bitmap; it changes with the next [take]. */
    val bitmap: Bitmap get() = checkNotNull(picture) { "No frame was taken yet." }

    /** Copies the visible part of an image, turned upright, never mirrored. */
    fun take(image: ImageProxy) {
        val plane = image.planes[0]
        val visible = image.cropRect
        val geometry = FrameGeometry(
            image.width,
            image.height,
            image.imageInfo.rotationDegrees,
            Box(visible.left, visible.top, visible.width(), visible.height()),
        )
        resize(geometry.uprightWidth, geometry.uprightHeight)
        PixelPacking.toUprightRgba(RgbaFrame(plane.buffer, plane.rowStride, geometry), bytes)
        rewind(bytes)
        bitmap.copyPixelsFromBuffer(bytes)
        rewind(bytes)
    }

    /** The copy as pixels. */
    fun frame(): RgbaFrame = RgbaFrame.upright(bytes, width, height)

    /** A bitmap of its own, or null before the first frame. */
    fun copy(): Bitmap? = picture?.copy(Bitmap.Config.ARGB_8888, false)

    private fun resize(newWidth: Int, newHeight: Int) {
        if (newWidth == width && newHeight == height) return
        picture?.recycle()
        bytes = ByteBuffer.allocateDirect(RgbaFrame.BYTES_PER_PIXEL * newWidth * newHeight)
        picture = Bitmap.createBitmap(newWidth, newHeight, Bitmap.Config.ARGB_8888)
        width = newWidth
        height = newHeight
    }

    override fun close() {
        picture?.recycle()
        picture = null
        width = 0
        height = 0
    }

    /** Declared with the plain class: Android 8 has no `rewind` of `ByteBuffer`'s own. */
    private fun rewind(buffer: Buffer) {
        buffer.rewind()
    }
}
