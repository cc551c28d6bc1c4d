package org.kerasmadd.demo.ui

import android.graphics.Bitmap
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.kerasmadd.core.Verdict
import org.kerasmadd.demo.R
import org.kerasmadd.demo.face
import org.kerasmadd.demo.keep
import org.kerasmadd.demo.model
import org.kerasmadd.demo.photo
import org.kerasmadd.demo.shot
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [33], qualifiers = "w360dp-h740dp-port-xhdpi")
class ResultPictureTest {
    private val context = RuntimeEnvironment.getApplication().apply { setTheme(R.style.Theme_Demo) }
    private val drawing = ResultPicture(context)

    @Test
    fun `the caption states score, model and limits`() {
        val shot = shot(listOf(face(Verdict.FAKE, 0.95)))
        val caption = drawing.caption(shot, model(demonstration = true, marksBlending = false), HeatChoice.SUM)
        for (part in listOf("Looks fake", "95 %", "92 %", "12 frames", "0123456789ab", "int8", "CPU")) {
            assertTrue("$part is not in $caption", part in caption)
        }
        assertTrue("photographs of people" in caption)
        assertTrue(context.getString(R.string.caption_demonstration) in caption)
        assertTrue(context.getString(R.string.caption_limits) in caption)
        val colors = context.getString(R.string.caption_heat)
        assertTrue(colors in caption)
        assertTrue(colors !in drawing.caption(shot, model(), HeatChoice.OFF))
        val blended = drawing.caption(shot, model(), HeatChoice.SUM)
        assertTrue(colors !in blended && context.getString(R.string.caption_blend) in blended)
        val real = drawing.caption(shot, model(demonstration = false), HeatChoice.SUM)
        assertTrue(context.getString(R.string.caption_demonstration) !in real)
        assertTrue(context.getString(R.string.caption_limits) in real)
    }

    @Test
    fun `a photo is one frame, and no score is said to be certain`() {
        val shot = shot(listOf(face(Verdict.FAKE, 1.0, frames = 1)))
        val caption = drawing.caption(shot, model(), HeatChoice.OFF)
        val said = "Looks fake: fake probability >99 %, called fake from 92 %, over 1 frame"
        assertEquals(said, caption.lines().first())
    }

    @Test
    @Config(qualifiers = "zh-w360dp-h740dp-port-xhdpi")
    fun `the caption in Chinese`() {
        val shot = shot(listOf(face(Verdict.FAKE, 0.0, frames = 1)))
        val caption = drawing.caption(shot, model(), HeatChoice.OFF)
        assertEquals("看起来是伪造的：伪造概率 <1 %，达到 92 % 判为伪造，依据 1 帧", caption.lines().first())
    }

    @Test
    fun `the picture is shown as it was scored, not mirrored`() {
        val picture = photo()
        val plain = shot(emptyList(), mirrored = false)
        val front = shot(emptyList(), mirrored = true)
        val one = drawing.draw(picture, plain, model(), HeatChoice.OFF)
        val other = drawing.draw(picture, front, model(), HeatChoice.OFF)
        assertTrue(one.sameAs(other))
        val expected = Bitmap.createScaledBitmap(picture, 1080, 1080, true)
        var largest = 0
        for (y in 5 until 1080 step 90) for (x in 5 until 1080 step 90) {
            val (a, b) = expected.getPixel(x, y) to one.getPixel(x, y)
            for (shift in listOf(0, 8, 16)) {
                largest = maxOf(largest, Math.abs((a shr shift and 0xff) - (b shr shift and 0xff)))
            }
        }
        assertTrue("pixels differ by $largest", largest <= 24)
    }

    @Test
    fun `faces are drawn, and the caption is below`() {
        val shot = shot(listOf(face(Verdict.NO_TRACE, 0.1)))
        val with = drawing.draw(photo(), shot, model(), HeatChoice.SUM)
        val without = drawing.draw(photo(), shot(emptyList()), model(), HeatChoice.SUM)
        assertEquals(1080, with.width)
        assertTrue(with.height > 1080 + 100)
        assertTrue(!with.sameAs(without))
        keep(with, "shared")
    }
}
