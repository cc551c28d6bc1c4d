package org.kerasmadd.demo.ui

import android.content.Context
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Matrix
import android.graphics.Paint
import android.os.Bundle
import android.util.AttributeSet
import android.view.MotionEvent
import android.view.View
import android.view.accessibility.AccessibilityNodeInfo
import android.view.accessibility.AccessibilityNodeInfo.AccessibilityAction
import org.kerasmadd.core.AffineTransform
import org.kerasmadd.core.FrameTransform
import org.kerasmadd.core.LatencyStatistics
import org.kerasmadd.core.ScaleMode
import org.kerasmadd.core.Stage
import org.kerasmadd.core.ViewGeometry
import org.kerasmadd.core.Zoom
import org.kerasmadd.demo.R
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

    /** Where a tap is taken, in pixels; it answers whether there is something to focus. */
    var onTap: ((Float, Float) -> Boolean)? = null

    /** Receives how far two fingers moved apart; screen readers get two actions in its place. */
    var onPinch: ((Float) -> Unit)? = null

    private val touch = OverlayTouch(
        context,
        onTap = { x, y -> if (onTap?.invoke(x, y) == true) ring.show(x, y) },
        onPinch = { onPinch?.invoke(it) },
    )
    private val ring = FocusRing(this)

    /** Receives the time of drawing. */
    var statistics: LatencyStatistics? = null

    /** Shows the faces of a picture; [picture] is drawn below them, or null for the camera. */
    fun show(shot: Shot?, picture: Bitmap? = null) {
        this.shot = shot
        this.picture = picture
        invalidate()
    }

    override fun onTouchEvent(event: MotionEvent): Boolean {
        if (onTap == null && onPinch == null) return super.onTouchEvent(event)
        touch.take(event)
        return true
    }

    override fun onInitializeAccessibilityNodeInfo(info: AccessibilityNodeInfo) {
        super.onInitializeAccessibilityNodeInfo(info)
        if (onPinch == null) return
        info.addAction(AccessibilityAction(R.id.action_zoom_in, context.getString(R.string.zoom_in)))
        info.addAction(AccessibilityAction(R.id.action_zoom_out, context.getString(R.string.zoom_out)))
    }

    override fun performAccessibilityAction(action: Int, arguments: Bundle?): Boolean {
        val pinch = onPinch
        when {
            pinch == null -> return super.performAccessibilityAction(action, arguments)
            action == R.id.action_zoom_in -> pinch(Zoom.STEP)
            action == R.id.action_zoom_out -> pinch(1 / Zoom.STEP)
            else -> return super.performAccessibilityAction(action, arguments)
        }
        return true
    }

    override fun onDraw(canvas: Canvas) {
        super.onDraw(canvas)
        val start = System.nanoTime()
        traced(Stage.DRAW) { drawAll(canvas) }
        statistics?.record(Stage.DRAW, System.nanoTime() - start)
    }

    private fun drawAll(canvas: Canvas) {
        val below = picture
        val shown = shot
        if (width == 0 || height == 0) return
        if (below != null) {
            // A picture that stands still for the front camera's is mirrored as its boxes are.
            val mirrored = shown?.mirrored ?: false
            matrix.setValues(transform(below.width, below.height, mirrored).matrixValues())
            canvas.drawBitmap(below, matrix, smooth)
        }
        if (shown != null) {
            painter.draw(canvas, shown, transform(shown.width, shown.height, shown.mirrored), heat)
        }
        ring.draw(canvas)
    }

    private fun transform(across: Int, down: Int, mirrored: Boolean): AffineTransform =
        FrameTransform.uprightToView(
            across, down, ViewGeometry(width, height, scaleMode, mirrored),
        )
}
