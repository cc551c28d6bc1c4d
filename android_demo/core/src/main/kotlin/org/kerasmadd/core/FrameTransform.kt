package org.kerasmadd.core

/**
 * How a camera's buffer holds the upright picture.
 *
 * @property bufferWidth pixels of a row of the buffer, without padding.
 * @property bufferHeight rows of the buffer.
 * @property rotationDegrees clockwise turn that makes the picture upright: 0, 90, 180 or 270, as
 *   CameraX gives it with each image.
 * @property crop the part of the buffer that is the picture; by default all of it.
 */
data class FrameGeometry(
    val bufferWidth: Int,
    val bufferHeight: Int,
    val rotationDegrees: Int = 0,
    val crop: Box = Box(0, 0, bufferWidth, bufferHeight),
) {
    init {
        require(rotationDegrees in setOf(0, 90, 180, 270)) {
            "`rotationDegrees` must be 0, 90, 180 or 270. " +
                "Received: rotationDegrees=$rotationDegrees"
        }
        require(crop.x >= 0 && crop.y >= 0 && crop.right <= bufferWidth && crop.bottom <= bufferHeight) {
            "`crop` must lie inside the ${bufferWidth}x$bufferHeight buffer. Received: crop=$crop"
        }
    }

    private val onItsSide: Boolean get() = rotationDegrees % 180 != 0

    /** Width of the upright picture in pixels. */
    val uprightWidth: Int get() = if (onItsSide) crop.height else crop.width

    /** Height of the upright picture in pixels. */
    val uprightHeight: Int get() = if (onItsSide) crop.width else crop.height
}

/** How a picture of another shape is put into a view: cropped to fill it, or with bars. */
enum class ScaleMode { FILL, FIT }

/**
 * The view that shows the picture.
 *
 * @property width in pixels.
 * @property height in pixels.
 * @property scale whether the picture fills the view or fits into it; centred both times.
 * @property mirrored left and right exchanged, as people expect of a front camera. Only what is
 *   drawn is mirrored, never what the model sees.
 */
data class ViewGeometry(
    val width: Int,
    val height: Int,
    val scale: ScaleMode = ScaleMode.FILL,
    val mirrored: Boolean = false,
) {
    init {
        require(width > 0 && height > 0) {
            "`width` and `height` of the view must be positive. Received: ${width}x$height"
        }
    }
}

/**
 * The way from the upright picture, in which faces are detected and cut out, to the view that shows
 * it: scale, mirror.
 */
object FrameTransform {
    /**
     * Returns the map from an upright picture to the view that shows it.
     *
     * @param width of the picture in pixels.
     * @param height of the picture in pixels.
     */
    fun uprightToView(width: Int, height: Int, view: ViewGeometry): AffineTransform {
        require(width > 0 && height > 0) {
            "`width` and `height` of the picture must be positive. Received: ${width}x$height"
        }
        val across = view.width.toDouble() / width
        val down = view.height.toDouble() / height
        val factor = if (view.scale == ScaleMode.FILL) maxOf(across, down) else minOf(across, down)
        val placed = AffineTransform.scaling(factor).then(
            AffineTransform.translation(
                (view.width - factor * width) / 2,
                (view.height - factor * height) / 2,
            ),
        )
        if (!view.mirrored) return placed
        return placed.then(AffineTransform(-1.0, 0.0, view.width.toDouble(), 0.0, 1.0, 0.0))
    }
}
