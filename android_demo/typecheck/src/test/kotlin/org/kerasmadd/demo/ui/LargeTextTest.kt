package org.kerasmadd.demo.ui

import android.graphics.Rect
import android.view.View
import android.view.ViewGroup
import android.widget.ImageButton
import android.widget.TextView
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.kerasmadd.core.Source
import org.kerasmadd.core.UiState
import org.kerasmadd.core.Verdict
import org.kerasmadd.demo.R
import org.kerasmadd.demo.drawn
import org.kerasmadd.demo.face
import org.kerasmadd.demo.inflate
import org.kerasmadd.demo.model
import org.kerasmadd.demo.shot
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config

/** Twice as large text, beside the picture: what does not fit is scrolled to. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [33], qualifiers = "w740dp-h360dp-land-xhdpi", fontScale = 2f)
class LargeTextTest {
    private val layouts = listOf(R.layout.activity_main, R.layout.activity_gallery)

    private fun show(layout: Int): ViewGroup {
        val root = inflate(layout).content as ViewGroup
        val screen = Screen(root)
        screen.torchButton.visibility = View.VISIBLE
        screen.showHeat(HeatChoice.SUM, model())
        screen.showSpeed(24.3, 31.8)
        val faces = listOf(face(Verdict.NO_TRACE, 0.0052))
        screen.show(UiState.Faces(Source.CAMERA, faces, model(demonstration = true)))
        screen.overlay.show(shot(faces))
        drawn(root)
        return root
    }

    private fun views(view: View): List<View> = listOf(view) +
        if (view is ViewGroup) (0 until view.childCount).flatMap { views(view.getChildAt(it)) } else emptyList()

    private fun View.placeIn(root: ViewGroup) =
        Rect(0, 0, width, height).also { root.offsetDescendantRectToMyCoords(this, it) }

    @Test
    fun `every button keeps its height and lies on the screen`() {
        for (layout in layouts) {
            val root = show(layout)
            val least = 48 * root.resources.displayMetrics.density
            for (button in views(root).filterIsInstance<ImageButton>()) {
                val place = button.placeIn(root)
                val name = "${button.contentDescription}: $place"
                assertTrue(name, place.bottom <= root.height && place.height() >= least)
            }
        }
    }

    @Test
    fun `all that is said can be scrolled to`() {
        for (layout in layouts) {
            val root = show(layout)
            val bottom = minOf(root.height, root.require<View>(R.id.button_heat).placeIn(root).top)
            for (id in listOf(R.id.verdict_detail, R.id.verdict, R.id.status, R.id.banner)) {
                val text = root.require<TextView>(id)
                text.requestRectangleOnScreen(Rect(0, 0, text.width, text.height), true)
                val place = text.placeIn(root)
                val needed = text.layout.height + text.compoundPaddingTop + text.compoundPaddingBottom
                assertTrue("${text.text}: $place", place.top >= 0 && place.bottom <= bottom)
                assertTrue("${text.text}: $place of $needed", place.height() >= needed)
            }
        }
    }
}
