package org.kerasmadd.demo.ui

import android.content.Context
import android.view.GestureDetector
import android.view.MotionEvent
import android.view.ScaleGestureDetector

/**
 * Tells a tap from two fingers that move apart.
 *
 * @param onTap receives where, in pixels of the view.
 * @param onPinch receives a factor: above 1 where the fingers moved apart.
 */
internal class OverlayTouch(
    context: Context,
    private val onTap: (Float, Float) -> Unit,
    private val onPinch: (Float) -> Unit,
) {
    private val taps = GestureDetector(
        context,
        object : GestureDetector.SimpleOnGestureListener() {
            override fun onDown(event: MotionEvent) = true

            override fun onSingleTapUp(event: MotionEvent): Boolean {
                onTap(event.x, event.y)
                return true
            }
        },
    )
    private val pinches = ScaleGestureDetector(
        context,
        object : ScaleGestureDetector.SimpleOnScaleGestureListener() {
            override fun onScale(detector: ScaleGestureDetector): Boolean {
                onPinch(detector.scaleFactor)
                return true
            }
        },
    )

    /** Takes a touch of the view. */
    fun take(event: MotionEvent) {
        pinches.onTouchEvent(event)
        if (!pinches.isInProgress) taps.onTouchEvent(event)
    }
}
