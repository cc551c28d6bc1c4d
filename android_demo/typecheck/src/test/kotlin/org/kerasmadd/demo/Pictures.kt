package org.kerasmadd.demo

import android.app.Activity
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.Canvas
import android.graphics.Paint
import android.view.View
import java.io.File
import kotlin.math.exp
import org.kerasmadd.core.Backend
import org.kerasmadd.core.BackendFailure
import org.kerasmadd.core.Box
import org.kerasmadd.core.Calibration
import org.kerasmadd.core.CropSquare
import org.kerasmadd.core.ModelInfo
import org.kerasmadd.core.ScoredFace
import org.kerasmadd.core.Verdict
import org.kerasmadd.core.percent
import org.kerasmadd.demo.ui.AttentionMaps
import org.kerasmadd.demo.ui.DrawnFace
import org.kerasmadd.demo.ui.Shot
import org.robolectric.Robolectric

/** An activity with nothing but the app's theme. */
class PlainActivity : Activity()

/** Lays a layout out on the configured screen. */
internal fun inflate(layout: Int): Activity {
    val activity = Robolectric.buildActivity(PlainActivity::class.java).get()
    activity.setTheme(R.style.Theme_Demo)
    activity.setContentView(layout)
    return activity
}

/** Draws a view as large as the screen. */
internal fun drawn(view: View): Bitmap {
    val metrics = view.resources.displayMetrics
    val (width, height) = metrics.widthPixels to metrics.heightPixels
    view.measure(
        View.MeasureSpec.makeMeasureSpec(width, View.MeasureSpec.EXACTLY),
        View.MeasureSpec.makeMeasureSpec(height, View.MeasureSpec.EXACTLY),
    )
    view.layout(0, 0, width, height)
    view.jumpDrawablesToCurrentState()
    val bitmap = Bitmap.createBitmap(width, height, Bitmap.Config.ARGB_8888)
    view.draw(Canvas(bitmap))
    return bitmap
}

/** Keeps a picture of 720 pixels across where the property `pictures.folder` says. */
internal fun keep(bitmap: Bitmap, name: String) {
    val folder = System.getProperty("pictures.folder").orEmpty()
    if (folder.isEmpty()) return
    val height = Math.round(bitmap.height * ACROSS.toDouble() / bitmap.width).toInt()
    val small = Bitmap.createScaledBitmap(bitmap, ACROSS, height, true)
    File(folder).mkdirs()
    File(folder, "$name.jpg").outputStream().use { small.compress(Bitmap.CompressFormat.JPEG, 85, it) }
}

private const val ACROSS = 720

/** The sample photo of the Python package; the face is about (224, 127), see its tests. */
internal fun photo(): Bitmap = checkNotNull(BitmapFactory.decodeFile(System.getProperty("photo")))

/** A drawn face, in the place of [DRAWN_FACE]: no real person is called fake. */
internal fun drawing(): Bitmap {
    val bitmap = Bitmap.createBitmap(512, 512, Bitmap.Config.ARGB_8888)
    val canvas = Canvas(bitmap)
    val paint = Paint(Paint.ANTI_ALIAS_FLAG)
    fun oval(color: Int, left: Float, top: Float, right: Float, bottom: Float) {
        paint.color = color
        canvas.drawOval(left, top, right, bottom, paint)
    }
    canvas.drawColor(0xFF7A93A8.toInt())
    oval(0xFF34495E.toInt(), 90f, 380f, 422f, 720f)
    oval(0xFF4A3426.toInt(), 158f, 92f, 354f, 330f)
    oval(0xFFE3B18F.toInt(), 172f, 118f, 340f, 348f)
    for (middle in listOf(220f, 292f)) {
        oval(0xFFFFFFFF.toInt(), middle - 20, 208f, middle + 20, 232f)
        oval(0xFF33475B.toInt(), middle - 9, 210f, middle + 9, 230f)
    }
    oval(0xFFC98F6E.toInt(), 246f, 238f, 266f, 272f)
    oval(0xFFA9504A.toInt(), 222f, 294f, 290f, 312f)
    return bitmap
}

internal val DRAWN_FACE = Box(166, 138, 180, 180)

private val THRESHOLDS = Calibration(1.0, 0.9170, 0.3510)

/** A model's facts as the screens show them: by default like the detector that ships. */
internal fun model(
    demonstration: Boolean = false,
    requested: Backend = Backend.CPU,
    actual: Backend = Backend.CPU,
    failures: List<BackendFailure> = emptyList(),
    clearThreshold: Double? = THRESHOLDS.clearThreshold,
    marksBlending: Boolean = true,
) = ModelInfo(
    "photographs of people", "int8", "0123456789abcdef".repeat(4), 1, marksBlending, demonstration,
    THRESHOLDS.threshold, clearThreshold, requested, actual, failures,
)

/** A scored face of the sample photo. */
internal fun face(
    verdict: Verdict,
    probability: Double,
    box: Box = Box(177, 82, 95, 95),
    track: Int = 0,
    frames: Int = 12,
) = ScoredFace(
    track, box, CropSquare.about(box, 1.3), probability, percent(probability, THRESHOLDS), verdict, frames,
)

/** A map of 14 x 14 cells upon the eyes and the mouth, as sure as the face is fake. */
internal fun blending(face: ScoredFace): AttentionMaps {
    val side = 14
    val values = FloatArray(side * side) { cell ->
        val (x, y) = cell % side to cell / side
        fun bump(atX: Double, atY: Double) = exp(-((x - atX) * (x - atX) + (y - atY) * (y - atY)) / 5.0)
        (face.probability * (bump(4.5, 5.0) + bump(8.5, 5.0) + bump(6.5, 9.5))).toFloat()
    }
    return checkNotNull(AttentionMaps.copyOf(values, 1, fullScale = 1f))
}

internal fun shot(
    faces: List<ScoredFace>,
    mirrored: Boolean = false,
    maps: (ScoredFace) -> AttentionMaps? = ::blending,
) = Shot(512, 512, mirrored, faces.map { DrawnFace(it, maps(it)) })
