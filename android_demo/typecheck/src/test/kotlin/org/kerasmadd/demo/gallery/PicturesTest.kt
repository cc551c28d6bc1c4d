package org.kerasmadd.demo.gallery

import android.graphics.Bitmap
import android.graphics.Color
import android.graphics.ColorSpace
import android.media.MediaMetadataRetriever
import android.net.Uri
import java.io.ByteArrayOutputStream
import java.io.IOException
import java.nio.ByteBuffer
import org.junit.Assert.assertEquals
import org.junit.Assert.assertSame
import org.junit.Assert.assertThrows
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
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
        assertEquals(4, pictures.videoFrames(address, 4) { _, _, frame -> widths.add(frame.width) })
        assertEquals(listOf(8, 9, 10, 11), widths)
        assertEquals(1, pictures.videoFrames(address, 4) { _, _, _ -> false })
    }

    /** Three frames, each as wide as its number says. */
    @Implements(MediaMetadataRetriever::class)
    class ShortVideo : ShadowMediaMetadataRetriever() {
        @Implementation
        fun getFramesAtIndex(frameIndex: Int, numFrames: Int): List<Bitmap> =
            List(numFrames) { Bitmap.createBitmap(8 + frameIndex + it, 6, Bitmap.Config.ARGB_8888) }
    }

    @Test
    @Config(sdk = [33], shadows = [ShortVideo::class])
    fun `of a video shorter than what is asked for every frame comes once`() {
        val frames = MediaMetadataRetriever.METADATA_KEY_VIDEO_FRAME_COUNT
        val duration = MediaMetadataRetriever.METADATA_KEY_DURATION
        ShadowMediaMetadataRetriever.addMetadata(source, frames, "3")
        // Of the longest track: the sound goes on after the last frame.
        ShadowMediaMetadataRetriever.addMetadata(source, duration, "9000")
        val seen = ArrayList<Triple<Int, Int, Int>>()
        pictures.videoFrames(address, 24) { index, count, frame -> seen.add(Triple(index, count, frame.width)) }
        assertEquals(listOf(Triple(0, 3, 8), Triple(1, 3, 9), Triple(2, 3, 10)), seen)
        seen.clear()
        // The desktop takes the middle one of three.
        pictures.videoFrames(address, 1) { index, count, frame -> seen.add(Triple(index, count, frame.width)) }
        assertEquals(listOf(Triple(0, 1, 9)), seen)
    }

    @Test
    fun `a picture longer than the detector counts is halved`() {
        val file = ByteArrayOutputStream()
        Bitmap.createBitmap(32_002, 4, Bitmap.Config.ARGB_8888).compress(Bitmap.CompressFormat.PNG, 100, file)
        shadowOf(context.contentResolver).registerInputStream(address, file.toByteArray().inputStream())
        assertEquals(16_001, pictures.photo(address).width)
    }

    /** A saturated green that sRGB lacks: made into sRGB, its numbers would be others. */
    private fun wide(alpha: Int): Bitmap {
        val space = ColorSpace.get(ColorSpace.Named.DISPLAY_P3)
        val bitmap = Bitmap.createBitmap(8, 6, Bitmap.Config.ARGB_8888, alpha < 255, space)
        val pixel = byteArrayOf(40, 200.toByte(), 60, alpha.toByte())
        bitmap.copyPixelsFromBuffer(ByteBuffer.wrap(ByteArray(4 * 8 * 6) { pixel[it % 4] }))
        return bitmap
    }

    /** What becomes of a bitmap, as the only frame of a video. */
    private fun asFrame(bitmap: Bitmap): Bitmap {
        ShadowMediaMetadataRetriever.reset()
        val duration = MediaMetadataRetriever.METADATA_KEY_DURATION
        ShadowMediaMetadataRetriever.addMetadata(source, duration, "2")
        ShadowMediaMetadataRetriever.addFrame(context, address, 1000, bitmap)
        val frames = ArrayList<Bitmap>()
        pictures.videoFrames(address, 1) { _, _, frame -> frames.add(frame) }
        return frames.single()
    }

    private fun numbers(bitmap: Bitmap): List<Int> {
        val pixels = ByteBuffer.allocate(bitmap.rowBytes * bitmap.height)
        bitmap.copyPixelsToBuffer(pixels)
        return List(4) { pixels.get(it).toInt() and 0xff }
    }

    @Test
    fun `a photo of many colours has the numbers that are in the file`() {
        val file = ByteArrayOutputStream()
        wide(255).compress(Bitmap.CompressFormat.PNG, 100, file)
        shadowOf(context.contentResolver).registerInputStream(address, file.toByteArray().inputStream())
        assertEquals(listOf(40, 200, 60, 255), numbers(pictures.photo(address)))
    }

    @Test
    fun `what is transparent lies on white, and its colours stay what they are`() {
        // The pixel holds what alpha left of its colour.
        assertEquals(listOf(95, 255, 115, 255), numbers(asFrame(wide(200))))
    }

    @Test
    fun `pixels of 16 bits become those of 8`() {
        val linear = ColorSpace.get(ColorSpace.Named.LINEAR_EXTENDED_SRGB)
        for (space in listOf(linear, ColorSpace.get(ColorSpace.Named.EXTENDED_SRGB))) {
            val bitmap = Bitmap.createBitmap(8, 6, Bitmap.Config.RGBA_F16, true, space)
            bitmap.eraseColor(Color.rgb(40, 200, 40))
            assertEquals(listOf(40, 200, 40, 255), numbers(asFrame(bitmap)))
        }
    }

    @Test
    fun `what cannot be read says so, and what fails with a frame fails as it will`() {
        val broken = RuntimeException("no video")
        ShadowMediaMetadataRetriever.addException(source, broken)
        val failed = assertThrows(IOException::class.java) { pictures.videoFrames(address, 4) { _, _, _ -> true } }
        assertSame(broken, failed.cause)
        ShadowMediaMetadataRetriever.reset()
        addVideo()
        val scoring = IllegalArgumentException("no probability")
        val thrown = assertThrows(IllegalArgumentException::class.java) {
            pictures.videoFrames(address, 4) { _, _, _ -> throw scoring }
        }
        assertSame(scoring, thrown)
    }
}
