package org.kerasmadd.demo.ui

import android.content.Context
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Matrix
import android.graphics.Paint
import android.text.StaticLayout
import android.text.TextPaint
import org.kerasmadd.core.AffineTransform
import org.kerasmadd.core.ModelInfo
import org.kerasmadd.demo.R

/**
 * A result as a picture to share: what the model saw, never mirrored, and below it which model said
 * what, and how little that proves.
 */
class ResultPicture(private val context: Context) {
    /**
     * Draws the picture.
     *
     * @param picture upright, of the size of [shot].
     */
    fun draw(picture: Bitmap, shot: Shot, model: ModelInfo, heat: HeatChoice): Bitmap {
        val scale = WIDTH.toDouble() / picture.width
        val pictureHeight = Math.round(picture.height * scale).toInt()
        val caption = layout(caption(shot, model, heat))
        val result = Bitmap.createBitmap(
            WIDTH, pictureHeight + caption.height + 2 * PADDING, Bitmap.Config.ARGB_8888,
        )
        val canvas = Canvas(result)
        canvas.drawColor(context.getColor(R.color.icon_background))
        canvas.drawBitmap(
            picture,
            Matrix().apply { setScale(scale.toFloat(), scale.toFloat()) },
            Paint(Paint.FILTER_BITMAP_FLAG),
        )
        val before = canvas.save()
        canvas.clipRect(0, 0, WIDTH, pictureHeight)
        OverlayPainter(context, UNIT).draw(canvas, shot, AffineTransform.scaling(scale), heat)
        canvas.restoreToCount(before)
        canvas.translate(PADDING.toFloat(), (pictureHeight + PADDING).toFloat())
        caption.draw(canvas)
        return result
    }

    /** What stands below the picture, line by line. */
    fun caption(shot: Shot, model: ModelInfo, heat: HeatChoice): String {
        val lines = ArrayList<String>()
        if (model.demonstration) lines.add(context.getString(R.string.caption_demonstration))
        for (drawn in shot.faces) {
            val face = drawn.face
            lines.add(
                context.resources.getQuantityString(
                    R.plurals.caption_score,
                    face.frames,
                    context.getString(StateWords.verdictWords(face.verdict)),
                    face.percent,
                    100 * model.threshold,
                    face.frames,
                ),
            )
        }
        if (!heat.isOff && shot.faces.any { it.maps != null }) {
            val colors = if (model.marksBlending) R.string.caption_blend else R.string.caption_heat
            lines.add(context.getString(colors))
        }
        val data = model.trainingData.ifEmpty { context.getString(R.string.unknown_data) }
        lines.add(
            context.getString(
                R.string.caption_model,
                model.sha256.take(12),
                model.quantization,
                model.actual.name,
                data,
            ),
        )
        lines.add(context.getString(R.string.caption_limits))
        return lines.joinToString("\n")
    }

    private fun layout(text: String): StaticLayout {
        val paint = TextPaint(Paint.ANTI_ALIAS_FLAG).apply {
            color = context.getColor(R.color.on_bar)
            textSize = TEXT_SIZE
        }
        return StaticLayout.Builder.obtain(text, 0, text.length, paint, WIDTH - 2 * PADDING)
            .setLineSpacing(0f, 1.2f)
            .build()
    }

    private companion object {
        const val WIDTH = 1080
        const val PADDING = 36
        const val UNIT = 2.5f
        const val TEXT_SIZE = 32f
    }
}
