package org.kerasmadd.demo.ui

import android.content.Context
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.DashPathEffect
import android.graphics.Matrix
import android.graphics.Paint
import android.graphics.RectF
import org.kerasmadd.core.AffineTransform
import org.kerasmadd.core.ScoredFace
import org.kerasmadd.core.Verdict
import org.kerasmadd.demo.R

/**
 * Draws faces, scores and attention over a picture: on the screen and in shared pictures.
 *
 * Paints and small bitmaps are kept, so drawing a frame makes next to no garbage. A verdict shows
 * in words and in the line (dashed while unsure), not by its colour alone.
 *
 * @param unit pixels for one dp.
 */
class OverlayPainter(private val context: Context, private val unit: Float) {
    private val line = Paint(Paint.ANTI_ALIAS_FLAG).apply { style = Paint.Style.STROKE }
    private val fill = Paint(Paint.ANTI_ALIAS_FLAG)
    private val smooth = Paint(Paint.FILTER_BITMAP_FLAG)
    private val text = Paint(Paint.ANTI_ALIAS_FLAG).apply {
        color = context.getColor(R.color.on_verdict)
        isFakeBoldText = true
        textSize = 16 * unit
    }
    private val dashes = DashPathEffect(floatArrayOf(10 * unit, 6 * unit), 0f)
    private val matrix = Matrix()
    private val rect = RectF()
    private val heats = ArrayList<Bitmap>()
    private var cells = IntArray(0)

    /**
     * Draws the faces of a picture.
     *
     * @param transform from pixels of the upright picture to the canvas; may mirror.
     * @param heat the attention map to draw.
     */
    fun draw(canvas: Canvas, shot: Shot, transform: AffineTransform, heat: HeatChoice) {
        if (!heat.isOff) drawHeat(canvas, shot, transform, heat)
        // The largest face last, so that its label is on top.
        for (index in shot.faces.indices.reversed()) {
            drawFace(canvas, shot.faces[index].face, transform)
        }
    }

    private fun drawHeat(canvas: Canvas, shot: Shot, transform: AffineTransform, heat: HeatChoice) {
        matrix.setValues(transform.matrixValues())
        val before = canvas.save()
        canvas.concat(matrix)
        shot.faces.forEachIndexed { index, face ->
            val maps = face.maps ?: return@forEachIndexed
            val square = face.face.square
            rect.set(
                square.left.toFloat(),
                square.top.toFloat(),
                (square.left + square.side).toFloat(),
                (square.top + square.side).toFloat(),
            )
            canvas.drawBitmap(colored(index, maps, heat), null, rect, smooth)
        }
        canvas.restoreToCount(before)
    }

    private fun colored(index: Int, maps: AttentionMaps, heat: HeatChoice): Bitmap {
        while (heats.size <= index) heats.add(newBitmap(maps.side))
        if (heats[index].width != maps.side) heats[index] = newBitmap(maps.side)
        if (cells.size != maps.side * maps.side) cells = IntArray(maps.side * maps.side)
        maps.colors(heat, cells)
        heats[index].setPixels(cells, 0, maps.side, 0, 0, maps.side, maps.side)
        return heats[index]
    }

    private fun newBitmap(side: Int) = Bitmap.createBitmap(side, side, Bitmap.Config.ARGB_8888)

    private fun drawFace(canvas: Canvas, face: ScoredFace, transform: AffineTransform) {
        val box = transform.map(face.box)
        rect.set(box.left, box.top, box.right, box.bottom)
        val corner = 8 * unit
        line.pathEffect = if (face.verdict == Verdict.UNSURE || face.verdict == Verdict.UNCERTAIN) dashes else null
        line.color = context.getColor(R.color.stage)
        line.strokeWidth = 6 * unit
        canvas.drawRoundRect(rect, corner, corner, line)
        line.color = context.getColor(lineColor(face.verdict))
        line.strokeWidth = 3 * unit
        canvas.drawRoundRect(rect, corner, corner, line)
        drawLabel(canvas, face)
    }

    /** What stands at a face. */
    internal fun label(face: ScoredFace): String = context.getString(
        R.string.face_label, context.getString(word(face.verdict)), face.percent,
    )

    private fun drawLabel(canvas: Canvas, face: ScoredFace) {
        val label = label(face)
        val padding = 8 * unit
        val height = text.textSize + 1.2f * padding
        val width = text.measureText(label) + 2 * padding
        val left = rect.left.coerceIn(0f, maxOf(0f, canvas.width - width))
        val above = rect.top - height - 4 * unit
        val top = if (above >= 0) above else maxOf(0f, rect.top) + 4 * unit
        fill.color = context.getColor(verdictColor(face.verdict))
        rect.set(left, top, left + width, top + height)
        canvas.drawRoundRect(rect, height / 2, height / 2, fill)
        val baseline = top + height / 2 - (text.ascent() + text.descent()) / 2
        canvas.drawText(label, left + padding, baseline, text)
    }

    companion object {
        /** Background for white text. */
        fun verdictColor(verdict: Verdict): Int = when (verdict) {
            Verdict.REAL, Verdict.NO_TRACE -> R.color.verdict_real
            Verdict.FAKE -> R.color.verdict_fake
            Verdict.UNSURE, Verdict.UNCERTAIN -> R.color.verdict_unsure
        }

        /** Lines on a dark outline: brighter than the backgrounds. */
        fun lineColor(verdict: Verdict): Int = when (verdict) {
            Verdict.REAL, Verdict.NO_TRACE -> R.color.line_real
            Verdict.FAKE -> R.color.line_fake
            Verdict.UNSURE, Verdict.UNCERTAIN -> R.color.on_bar
        }

        fun word(verdict: Verdict): Int = when (verdict) {
            Verdict.REAL -> R.string.label_real
            Verdict.FAKE -> R.string.label_fake
            Verdict.UNSURE -> R.string.label_unsure
            Verdict.UNCERTAIN -> R.string.label_uncertain
            Verdict.NO_TRACE -> R.string.label_no_trace
        }
    }
}
