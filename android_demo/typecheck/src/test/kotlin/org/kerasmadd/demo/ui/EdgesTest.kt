package org.kerasmadd.demo.ui

import android.graphics.Insets
import android.graphics.Rect
import android.view.DisplayCutout
import android.view.ViewGroup
import android.view.WindowInsets
import org.junit.Assert.assertEquals
import org.junit.Test
import org.junit.runner.RunWith
import org.kerasmadd.demo.R
import org.kerasmadd.demo.inflate
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config

/** Android 15 draws below bars and cutouts: what is to be read and pressed must not lie there. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [33], qualifiers = "w740dp-h360dp-land-xhdpi")
class EdgesTest {
    private fun padding(layout: Int): List<Int> {
        val content = inflate(layout).content
        content.keepOffTheEdges()
        val cutout = DisplayCutout(
            Insets.of(88, 0, 0, 0), Rect(0, 300, 88, 400), null, null, null, Insets.NONE,
        )
        val insets = WindowInsets.Builder()
            .setInsets(WindowInsets.Type.systemBars(), Insets.of(0, 48, 96, 0))
            .setDisplayCutout(cutout)
            .build()
        val root = (content as ViewGroup).getChildAt(0)
        root.dispatchApplyWindowInsets(insets)
        return listOf(root.paddingLeft, root.paddingTop, root.paddingRight, root.paddingBottom)
    }

    @Test
    fun `every screen keeps away from bars and from the cutout at its side`() {
        for (layout in listOf(R.layout.activity_main, R.layout.activity_gallery, R.layout.activity_settings)) {
            assertEquals(listOf(88, 48, 96, 0), padding(layout))
        }
    }
}
