package org.kerasmadd.demo.gallery

import android.annotation.TargetApi
import android.content.ContentResolver
import android.content.Context
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.ColorSpace
import android.graphics.ImageDecoder
import android.graphics.Matrix
import android.media.ExifInterface
import android.media.MediaMetadataRetriever
import android.net.Uri
import android.os.Build
import java.io.IOException
import java.nio.Buffer
import java.nio.ByteBuffer
import org.kerasmadd.core.FrameGeometry
import org.kerasmadd.core.RgbaFrame

/** Photos and videos of the gallery as upright ARGB_8888 bitmaps. */
class Pictures(private val context: Context) {
    private val resolver: ContentResolver = context.contentResolver

    /** Tells whether the user picked a video. */
    fun isVideo(address: Uri): Boolean = resolver.getType(address)?.startsWith("video/") == true

    /**
     * Decodes a photo: upright and opaque.
     *
     * Colour profiles are left alone, as everywhere else in this project, so that the model sees
     * the numbers that are in the file.
     *
     * @throws IOException where it cannot be read.
     */
    fun photo(address: Uri): Bitmap = reading {
        val modern = Build.VERSION.SDK_INT >= Build.VERSION_CODES.P
        plain(if (modern) decode(address) else decodeOld(address))
    }

    @TargetApi(Build.VERSION_CODES.P)
    private fun decode(address: Uri): Bitmap =
        ImageDecoder.decodeBitmap(ImageDecoder.createSource(resolver, address)) {
                decoder, info, _ ->
            decoder.allocator = ImageDecoder.ALLOCATOR_SOFTWARE
            decoder.setTargetSampleSize(sampleSize(info.size.width, info.size.height))
        }

    private fun decodeOld(address: Uri): Bitmap {
        val bytes = resolver.openInputStream(address)?.use { it.readBytes() }
            ?: throw IOException("$address cannot be opened.")
        val options = BitmapFactory.Options().apply { inJustDecodeBounds = true }
        BitmapFactory.decodeByteArray(bytes, 0, bytes.size, options)
        options.inSampleSize = sampleSize(options.outWidth, options.outHeight)
        options.inJustDecodeBounds = false
        val bitmap = BitmapFactory.decodeByteArray(bytes, 0, bytes.size, options)
            ?: throw IOException("$address is no picture.")
        return upright(bitmap, ExifInterface(bytes.inputStream()))
    }

    /** Halves pictures beyond 24 megapixels, which phones cannot hold twice, and very long ones. */
    private fun sampleSize(width: Int, height: Int): Int {
        var size = 1
        while (width.toLong() * height / (size * size) > MOST_PIXELS) size *= 2
        while (maxOf(width, height) / size > MAX_SIDE) size *= 2
        return size
    }

    private fun upright(bitmap: Bitmap, exif: ExifInterface): Bitmap {
        val matrix = Matrix()
        val upright = ExifInterface.ORIENTATION_NORMAL
        when (exif.getAttributeInt(ExifInterface.TAG_ORIENTATION, upright)) {
            ExifInterface.ORIENTATION_FLIP_HORIZONTAL -> matrix.setScale(-1f, 1f)
            ExifInterface.ORIENTATION_ROTATE_180 -> matrix.setRotate(180f)
            ExifInterface.ORIENTATION_FLIP_VERTICAL -> matrix.setScale(1f, -1f)
            ExifInterface.ORIENTATION_TRANSPOSE -> {
                matrix.setRotate(90f)
                matrix.postScale(-1f, 1f)
            }
            ExifInterface.ORIENTATION_ROTATE_90 -> matrix.setRotate(90f)
            ExifInterface.ORIENTATION_TRANSVERSE -> {
                matrix.setRotate(-90f)
                matrix.postScale(-1f, 1f)
            }
            ExifInterface.ORIENTATION_ROTATE_270 -> matrix.setRotate(-90f)
            else -> return bitmap
        }
        return Bitmap.createBitmap(bitmap, 0, 0, bitmap.width, bitmap.height, matrix, false)
    }

    /**
     * Hands over frames of a video, evenly spaced, upright.
     *
     * @param most frames; a shorter video gives all it has, where the phone counts them.
     * @param receive gets the number of the frame, from 0, how many are wanted, and the frame; false
     *   ends it.
     * @return the number of frames that could be read.
     * @throws IOException where the file is no video that this phone can read.
     */
    fun videoFrames(address: Uri, most: Int, receive: (Int, Int, Bitmap) -> Boolean): Int {
        val retriever = MediaMetadataRetriever()
        try {
            val millis = reading {
                retriever.setDataSource(context, address)
                retriever.extractMetadata(MediaMetadataRetriever.METADATA_KEY_DURATION)?.toLongOrNull()
            } ?: throw IOException("$address has no duration.")
            val total = frameCount(retriever)
            val count = if (total == null) most else minOf(most, total)
            var read = 0
            for (index in 0 until count) {
                val frame = reading {
                    middle(retriever, index, count, millis, total)?.let(::plain)
                } ?: continue
                read += 1
                if (!receive(index, count, frame)) break
            }
            return read
        } finally {
            retriever.release()
        }
    }

    /** Frames of the whole video, or null where the phone does not tell. */
    private fun frameCount(retriever: MediaMetadataRetriever): Int? {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.P) return null
        val key = MediaMetadataRetriever.METADATA_KEY_VIDEO_FRAME_COUNT
        return reading { retriever.extractMetadata(key) }?.toIntOrNull()?.takeIf { it > 0 }
    }

    /** The middle of one of [count] equal parts; where frames are counted, the one that Python takes. */
    private fun middle(
        retriever: MediaMetadataRetriever,
        index: Int,
        count: Int,
        millis: Long,
        total: Int?,
    ): Bitmap? {
        if (total != null) return counted(retriever, ((2L * index + 1) * total / (2 * count)).toInt())
        val micros = 1000 * millis * (2 * index + 1) / (2 * count)
        return retriever.getFrameAtTime(micros, MediaMetadataRetriever.OPTION_CLOSEST)
    }

    @TargetApi(Build.VERSION_CODES.P)
    private fun counted(retriever: MediaMetadataRetriever, number: Int): Bitmap? =
        retriever.getFramesAtIndex(number, 1).firstOrNull()

    /** What goes wrong while something is read says so; what is done with it fails as it will. */
    private inline fun <T> reading(work: () -> T): T = try {
        work()
    } catch (error: RuntimeException) {
        throw IOException(error.message ?: error.javaClass.simpleName, error)
    }

    /** Opaque pixels of 8 bits; what is transparent lies on white, as on the desktop. */
    private fun plain(bitmap: Bitmap): Bitmap {
        if (bitmap.config == Bitmap.Config.ARGB_8888 && !bitmap.hasAlpha()) return bitmap
        val result = Bitmap.createBitmap(
            bitmap.width, bitmap.height, Bitmap.Config.ARGB_8888, true, fileSpace(bitmap),
        )
        val canvas = Canvas(result)
        canvas.drawColor(Color.WHITE)
        canvas.drawBitmap(bitmap, 0f, 0f, null)
        return result
    }

    /** The bitmap's own colour space: between alike ones drawing changes no number. */
    private fun fileSpace(bitmap: Bitmap): ColorSpace {
        // Not the file's: before Android 10, pixels of 16 bits are linear.
        val linear = ColorSpace.get(ColorSpace.Named.LINEAR_EXTENDED_SRGB)
        val own = bitmap.colorSpace as? ColorSpace.Rgb
        return own?.takeIf { it != linear && it.transferParameters != null }
            ?: ColorSpace.get(ColorSpace.Named.SRGB)
    }

    companion object {
        private const val MOST_PIXELS = 24_000_000L

        /** MediaPipe's resizing counts pixels in 16 bits and ends the whole app on a longer side. */
        private const val MAX_SIDE = 32_000

        /** The pixels of an ARGB_8888 bitmap, red first in memory, as they are cropped. */
        fun frame(bitmap: Bitmap): RgbaFrame {
            val pixels = ByteBuffer.allocateDirect(bitmap.rowBytes * bitmap.height)
            bitmap.copyPixelsToBuffer(pixels)
            // By the plain class: Android 8 has no `rewind` of `ByteBuffer`'s own.
            val cursor: Buffer = pixels
            cursor.rewind()
            return RgbaFrame(pixels, bitmap.rowBytes, FrameGeometry(bitmap.width, bitmap.height))
        }
    }
}
