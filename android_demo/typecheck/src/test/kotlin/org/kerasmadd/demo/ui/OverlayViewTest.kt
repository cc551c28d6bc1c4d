package org.kerasmadd.demo.ui

import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Paint
import android.view.MotionEvent
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.kerasmadd.core.Box
import org.kerasmadd.core.LatencyStatistics
import org.kerasmadd.core.ScaleMode
import org.kerasmadd.core.Stage
import org.kerasmadd.core.Verdict
import org.kerasmadd.demo.R
import org.kerasmadd.demo.face
import org.kerasmadd.demo.shot
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [33], qualifiers = "mdpi")
class OverlayViewTest {
    private val context = RuntimeEnvironment.getApplication().apply { setTheme(R.style.Theme_Demo) }
    private val view = OverlayView(context)
    private val lineColor = context.getColor(R.color.line_real)

    private fun draw(width: Int, height: Int): Bitmap {
        view.layout(0, 0, width, height)
        val bitmap = Bitmap.createBitmap(width, height, Bitmap.Config.ARGB_8888)
        view.draw(Canvas(bitmap))
        return bitmap
    }

    /** Columns of a row that have the line's colour. */
    private fun Bitmap.line(row: Int): List<Int> =
        (0 until width).filter { getPixel(it, row) == lineColor }

    @Test
    fun `the box lies on the face, mirrored for the front camera alone`() {
        view.heat = HeatChoice.OFF
        val face = face(Verdict.REAL, 0.1, Box(100, 200, 80, 100))
        view.show(shot(listOf(face)))
        val back = draw(512, 512).line(250)
        assertTrue("$back", back.first() in 97..101 && back.last() in 178..182)
        view.show(shot(listOf(face), mirrored = true))
        val front = draw(512, 512).line(250)
        assertEquals(back.map { 511 - it }.sorted(), front)
    }

    @Test
    fun `the label stays in the picture where its box begins above`() {
        view.heat = HeatChoice.OFF
        val color = context.getColor(R.color.verdict_real)
        for (top in listOf(-120, -5, 10, 200)) {
            view.show(shot(listOf(face(Verdict.REAL, 0.1, Box(100, top, 200, 200)))))
            val bitmap = draw(512, 512)
            val rows = (0 until 512).filter { row ->
                (0 until 512).count { bitmap.getPixel(it, row) == color } > 20
            }
            assertTrue("$top: $rows", rows.size > 20)
        }
    }

    @Test
    fun `the label never claims to be certain`() {
        val painter = OverlayPainter(context, 1f)
        assertEquals("fake >99 %", painter.label(face(Verdict.FAKE, 1.0)))
        assertEquals("no trace found <1 %", painter.label(face(Verdict.NO_TRACE, 0.0)))
        assertEquals("uncertain 50 %", painter.label(face(Verdict.UNCERTAIN, 0.5)))
    }

    @Test
    fun `a narrow view shows the middle of the picture, or all of it`() {
        view.heat = HeatChoice.OFF
        view.show(shot(listOf(face(Verdict.REAL, 0.1, Box(156, 156, 200, 200)))))
        view.scaleMode = ScaleMode.FILL
        val filled = draw(256, 512).line(256)
        assertTrue("$filled", filled.first() in 25..29 && filled.last() in 226..230)
        view.scaleMode = ScaleMode.FIT
        val fitted = draw(256, 512).line(256)
        assertTrue("$fitted", fitted.first() in 76..79 && fitted.last() in 176..180)
    }

    @Test
    fun `attention is drawn on the face's square, mirrored with it`() {
        val face = face(Verdict.REAL, 0.1, Box(156, 156, 200, 200))
        val square = face.square
        // All attention in the third of 14 columns, in the row of the square's middle.
        val values = FloatArray(14 * 14).also { it[7 * 14 + 2] = 1f }
        val maps = AttentionMaps.copyOf(values, 1)
        fun column(mirrored: Boolean): Double {
            view.heat = HeatChoice.SUM
            view.show(shot(listOf(face), mirrored) { maps })
            val bitmap = draw(512, 512)
            // Heat is pure red; the line about the face is not.
            val row = square.top + (7.5 * square.side / 14).toInt()
            val red = (0 until 512).filter {
                val pixel = bitmap.getPixel(it, row)
                Color.blue(pixel) == 0 && Color.alpha(pixel) > 100
            }
            return red.average()
        }
        val cell = square.side / 14.0
        assertEquals(square.left + 2.5 * cell, column(false), 0.5 * cell)
        assertEquals(512 - (square.left + 2.5 * cell), column(true), 0.5 * cell)
    }

    @Test
    fun `a picture that stands still is mirrored as its boxes are`() {
        view.heat = HeatChoice.OFF
        val picture = Bitmap.createBitmap(512, 512, Bitmap.Config.ARGB_8888)
        // Bright on its left side alone.
        Canvas(picture).drawRect(0f, 0f, 100f, 512f, Paint().apply { color = Color.WHITE })
        val faces = listOf(face(Verdict.REAL, 0.1, Box(200, 200, 80, 80)))
        view.show(shot(faces, mirrored = false), picture)
        assertEquals(Color.WHITE, draw(512, 512).getPixel(20, 20))
        view.show(shot(faces, mirrored = true), picture)
        val mirrored = draw(512, 512)
        assertEquals(Color.WHITE, mirrored.getPixel(491, 20))
        assertTrue(mirrored.getPixel(20, 20) != Color.WHITE)
    }

    @Test
    fun `a tap says where, and a screen reader zooms without pinching`() {
        val taps = ArrayList<Pair<Float, Float>>()
        val factors = ArrayList<Float>()
        assertEquals(false, view.performAccessibilityAction(R.id.action_zoom_in, null))
        view.onTap = { x, y -> taps.add(x to y) }
        view.onPinch = factors::add
        draw(512, 512)
        val before = draw(512, 512)
        for (action in listOf(MotionEvent.ACTION_DOWN, MotionEvent.ACTION_UP)) {
            val event = MotionEvent.obtain(1000, 1010, action, 120f, 340f, 0)
            assertTrue(view.onTouchEvent(event))
        }
        assertEquals(listOf(120f to 340f), taps)
        assertTrue("a ring shows where", !draw(512, 512).sameAs(before))
        assertTrue(view.performAccessibilityAction(R.id.action_zoom_in, null))
        assertTrue(view.performAccessibilityAction(R.id.action_zoom_out, null))
        assertEquals(1f, factors[0] * factors[1], 1e-6f)
        assertTrue(factors[0] > 1)
    }

    @Test
    fun `drawing is measured, and is no further frame`() {
        val statistics = LatencyStatistics()
        view.statistics = statistics
        draw(64, 64)
        view.show(shot(listOf(face(Verdict.REAL, 0.1))))
        repeat(3) { draw(64, 64) }
        assertEquals(4, statistics.latency(Stage.DRAW).count)
        assertEquals(0.0, statistics.framesPerSecond(), 0.0)
    }
}
