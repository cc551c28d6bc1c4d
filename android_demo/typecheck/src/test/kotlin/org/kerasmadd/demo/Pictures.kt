package org.kerasmadd.demo

import android.app.Activity
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.Canvas
import android.view.View
import java.io.File
import kotlin.math.exp
import org.kerasmadd.core.Backend
import org.kerasmadd.core.BackendFailure
import org.kerasmadd.core.Box
import org.kerasmadd.core.CropSquare
import org.kerasmadd.core.ModelInfo
import org.kerasmadd.core.ScoredFace
import org.kerasmadd.core.Verdict
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

/** Keeps a picture where the property `pictures.folder` says, at the size given. */
internal fun keep(bitmap: Bitmap, name: String, width: Int = 240) {
    val folder = System.getProperty("pictures.folder").orEmpty()
    if (folder.isEmpty()) return
    val height = Math.round(bitmap.height * width.toDouble() / bitmap.width).toInt()
    // Halving averages four pixels; a larger step at once would leave some out.
    val twice = Bitmap.createScaledBitmap(bitmap, 2 * width, 2 * height, true)
    val small = Bitmap.createScaledBitmap(twice, width, height, true)
    File(folder).mkdirs()
    File(folder, "$name.png").outputStream().use { small.compress(Bitmap.CompressFormat.PNG, 100, it) }
}

/** The sample photo of the Python package; the face is about (224, 127), see its tests. */
internal fun photo(): Bitmap = checkNotNull(BitmapFactory.decodeFile(System.getProperty("photo")))

/** A model's facts as the screens show them. */
internal fun model(
    demonstration: Boolean = true,
    requested: Backend = Backend.CPU,
    actual: Backend = Backend.CPU,
    failures: List<BackendFailure> = emptyList(),
) = ModelInfo("synthetic faces", "int8", demonstration, 0.5, requested, actual, failures)

/** A scored face of the sample photo. */
internal fun face(
    verdict: Verdict,
    probability: Double,
    box: Box = Box(177, 82, 95, 95),
    track: Int = 0,
    frames: Int = 12,
) = ScoredFace(track, box, CropSquare.about(box, 1.3), probability, verdict, frames)

/** Two maps of 14 x 14 cells: one upon the eyes, one upon the mouth. */
internal fun attention(): AttentionMaps {
    val side = 14
    val values = FloatArray(side * side * 2)
    for (cell in 0 until side * side) {
        val (x, y) = cell % side to cell / side
        fun bump(atX: Double, atY: Double) =
            exp(-((x - atX) * (x - atX) + (y - atY) * (y - atY)) / 5.0).toFloat()
        values[2 * cell] = bump(4.5, 5.0) + bump(8.5, 5.0)
        values[2 * cell + 1] = bump(6.5, 9.5)
    }
    return checkNotNull(AttentionMaps.copyOf(values, 2))
}

internal fun shot(faces: List<ScoredFace>, mirrored: Boolean = false, maps: AttentionMaps? = attention()) =
    Shot(512, 512, mirrored, faces.map { DrawnFace(it, maps) })
