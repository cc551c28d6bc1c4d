package org.kerasmadd.demo.ui

import android.view.View
import android.widget.TextView
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.kerasmadd.core.ScaleMode
import org.kerasmadd.core.Source
import org.kerasmadd.core.UiState
import org.kerasmadd.core.Verdict
import org.kerasmadd.demo.R
import org.kerasmadd.demo.drawn
import org.kerasmadd.demo.face
import org.kerasmadd.demo.inflate
import org.kerasmadd.demo.keep
import org.kerasmadd.demo.model
import org.kerasmadd.demo.photo
import org.kerasmadd.demo.shot
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [33], qualifiers = "w360dp-h740dp-port-xhdpi")
class GalleryScreenTest {
    private val activity = inflate(R.layout.activity_gallery)
    private val screen = Screen(activity.content)

    @Test
    fun `a photo with its result, below a title that leads back`() {
        var back = 0
        TitleBar(activity.content).show(R.string.gallery_title) { back += 1 }
        for (button in listOf(screen.switchButton, screen.pauseButton, screen.settingsButton)) {
            button.visibility = View.GONE
        }
        screen.overlay.scaleMode = ScaleMode.FIT
        val face = face(Verdict.NO_TRACE, 0.0052, frames = 1)
        screen.showHeat(HeatChoice.SUM, model())
        screen.show(UiState.Faces(Source.GALLERY, listOf(face), model()))
        screen.overlay.show(shot(listOf(face)), photo())
        keep(drawn(activity.content), "gallery")
        assertEquals("Photo or video", activity.content.require<TextView>(R.id.title).text.toString())
        activity.content.require<View>(R.id.button_back).performClick()
        assertEquals(1, back)
        assertTrue(screen.overlay.height > 0)
    }
}
