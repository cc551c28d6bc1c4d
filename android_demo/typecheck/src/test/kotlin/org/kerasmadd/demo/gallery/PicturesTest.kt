package org.kerasmadd.demo.gallery

import android.graphics.Bitmap
import android.media.MediaMetadataRetriever
import android.net.Uri
import java.io.IOException
import org.junit.Assert.assertEquals
import org.junit.Assert.assertSame
import org.junit.Assert.assertThrows
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowMediaMetadataRetriever
import org.robolectric.shadows.util.DataSource

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [33])
class PicturesTest {
    private val context = RuntimeEnvironment.getApplication()
    private val pictures = Pictures(context)
    private val address = Uri.parse("content://gallery/video")
    private val source = DataSource.toDataSource(context, address)

    /** A video of four seconds with a frame in each second's middle. */
    private fun addVideo() {
        val duration = MediaMetadataRetriever.METADATA_KEY_DURATION
        ShadowMediaMetadataRetriever.addMetadata(source, duration, "4000")
        for (second in 0..3) {
            val frame = Bitmap.createBitmap(8 + second, 6, Bitmap.Config.ARGB_8888)
            ShadowMediaMetadataRetriever.addFrame(context, address, 1_000_000L * second + 500_000, frame)
        }
    }

    @Test
    fun `frames of a video come from the middle of equal parts`() {
        addVideo()
        val widths = ArrayList<Int>()
        assertEquals(4, pictures.videoFrames(address, 4) { _, frame -> widths.add(frame.width) })
        assertEquals(listOf(8, 9, 10, 11), widths)
        assertEquals(1, pictures.videoFrames(address, 4) { _, _ -> false })
    }

    @Test
    fun `what cannot be read says so, and what fails with a frame fails as it will`() {
        val broken = RuntimeException("no video")
        ShadowMediaMetadataRetriever.addException(source, broken)
        val failed = assertThrows(IOException::class.java) { pictures.videoFrames(address, 4) { _, _ -> true } }
        assertSame(broken, failed.cause)
        ShadowMediaMetadataRetriever.reset()
        addVideo()
        val scoring = IllegalArgumentException("no probability")
        val thrown = assertThrows(IllegalArgumentException::class.java) {
            pictures.videoFrames(address, 4) { _, _ -> throw scoring }
        }
        assertSame(scoring, thrown)
    }
}
