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
 * The one way from a camera's buffer over the upright picture to the view: crop, turn, scale,
 * mirror.
 *
 * Faces are detected and cut out in the upright picture; boxes are drawn with [uprightToView].
 */
class FrameTransform(val frame: FrameGeometry, val view: ViewGeometry) {
    /** From pixels of the buffer to pixels of the upright picture. */
    val bufferToUpright: AffineTransform = bufferToUpright(frame)

    /** From pixels of the upright picture to pixels of the view. */
    val uprightToView: AffineTransform =
        uprightToView(frame.uprightWidth, frame.uprightHeight, view)

    /** From pixels of the buffer to pixels of the view. */
    val bufferToView: AffineTransform = bufferToUpright.then(uprightToView)

    /** From a touched point of the view to pixels of the upright picture. */
    val viewToUpright: AffineTransform = uprightToView.inverse()

    companion object {
        /** Returns the map from pixels of the buffer to pixels of the upright picture. */
        fun bufferToUpright(frame: FrameGeometry): AffineTransform {
            val width = frame.crop.width.toDouble()
            val height = frame.crop.height.toDouble()
            val turn = when (frame.rotationDegrees) {
                0 -> AffineTransform.IDENTITY
                90 -> AffineTransform(0.0, -1.0, height, 1.0, 0.0, 0.0)
                180 -> AffineTransform(-1.0, 0.0, width, 0.0, -1.0, height)
                else -> AffineTransform(0.0, 1.0, 0.0, -1.0, 0.0, width)
            }
            val toCorner =
                AffineTransform.translation(-frame.crop.x.toDouble(), -frame.crop.y.toDouble())
            return toCorner.then(turn)
        }

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
}
