package org.kerasmadd.demo.ui

import android.graphics.Canvas
import android.graphics.Paint
import android.os.SystemClock
import android.view.View
import org.kerasmadd.demo.R

/** Shows for a moment where the camera was told to focus. */
internal class FocusRing(private val view: View) {
    private val unit = view.resources.displayMetrics.density
    private val line = Paint(Paint.ANTI_ALIAS_FLAG).apply {
        style = Paint.Style.STROKE
        strokeWidth = 2 * unit
        color = view.context.getColor(R.color.on_bar)
    }
    private var x = 0f
    private var y = 0f
    private var until = 0L

    fun show(atX: Float, atY: Float) {
        x = atX
        y = atY
        until = SystemClock.uptimeMillis() + SHOWN_MILLIS
        view.invalidate()
        view.postInvalidateDelayed(SHOWN_MILLIS)
    }

    fun draw(canvas: Canvas) {
        if (SystemClock.uptimeMillis() < until) canvas.drawCircle(x, y, 32 * unit, line)
    }

    private companion object {
        const val SHOWN_MILLIS = 800L
    }
}
