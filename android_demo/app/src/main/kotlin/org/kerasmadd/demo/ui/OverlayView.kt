package org.kerasmadd.demo.ui

import android.content.Context
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Matrix
import android.graphics.Paint
import android.util.AttributeSet
import android.view.View
import org.kerasmadd.core.AffineTransform
import org.kerasmadd.core.FrameTransform
import org.kerasmadd.core.LatencyStatistics
import org.kerasmadd.core.ScaleMode
import org.kerasmadd.core.Stage
import org.kerasmadd.core.ViewGeometry
import org.kerasmadd.demo.traced

/** Faces over the camera's preview, or over a picture of its own. Call it on the main thread. */
class OverlayView @JvmOverloads constructor(
    context: Context,
    attributes: AttributeSet? = null,
) : View(context, attributes) {
    private val painter = OverlayPainter(context, resources.displayMetrics.density)
    private val matrix = Matrix()
    private val smooth = Paint(Paint.FILTER_BITMAP_FLAG)
    private var shot: Shot? = null
    private var picture: Bitmap? = null

    /** Whether pictures fill the view, as the camera's preview does, or fit into it. */
    var scaleMode = ScaleMode.FILL
        set(value) {
            field = value
            invalidate()
        }

    /** The attention map to draw. */
    var heat = HeatChoice.SUM
        set(value) {
            field = value
            invalidate()
        }

    /** Receives the time of drawing and when a frame was shown. */
    var statistics: LatencyStatistics? = null

    /** Shows the faces of a picture; [picture] is drawn below them, or null for the camera. */
    fun show(shot: Shot?, picture: Bitmap? = null) {
        this.shot = shot
        this.picture = picture
        invalidate()
    }

    override fun onDraw(canvas: Canvas) {
        super.onDraw(canvas)
        val start = System.nanoTime()
        traced(Stage.DRAW) { drawAll(canvas) }
        val end = System.nanoTime()
        statistics?.record(Stage.DRAW, end - start)
        if (shot != null) statistics?.frameShown(end)
    }

    private fun drawAll(canvas: Canvas) {
        val below = picture
        val shown = shot
        if (width == 0 || height == 0) return
        if (below != null) {
            matrix.setValues(transform(below.width, below.height, false).matrixValues())
            canvas.drawBitmap(below, matrix, smooth)
        }
        if (shown != null) {
            painter.draw(canvas, shown, transform(shown.width, shown.height, shown.mirrored), heat)
        }
    }

    private fun transform(across: Int, down: Int, mirrored: Boolean): AffineTransform =
        FrameTransform.uprightToView(
            across, down, ViewGeometry(width, height, scaleMode, mirrored),
        )
}
