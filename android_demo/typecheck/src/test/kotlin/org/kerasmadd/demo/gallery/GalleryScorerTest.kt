package org.kerasmadd.demo.gallery

import android.content.Context
import android.graphics.Bitmap
import android.net.Uri
import android.os.Looper
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Test
import org.junit.runner.RunWith
import org.kerasmadd.core.Backend
import org.kerasmadd.core.Box
import org.kerasmadd.core.FaceModelChoice
import org.kerasmadd.core.ModelContract
import org.kerasmadd.core.Problem
import org.kerasmadd.core.RgbaFrame
import org.kerasmadd.core.UiEvent
import org.kerasmadd.demo.Settings
import org.kerasmadd.demo.faces.StillFaceFinder
import org.kerasmadd.demo.model
import org.kerasmadd.demo.model.LiteRtRunner
import org.kerasmadd.demo.model.ModelAssets
import org.kerasmadd.demo.model.OpenModel
import org.kerasmadd.demo.ui.Shot
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import org.robolectric.shadow.api.Shadow

/** What opens the model: it gives one that only knows its description. */
@Implements(OpenModel.Companion::class)
@Suppress("UNUSED_PARAMETER")
class OpensDescription {
    @Implementation
    fun open(context: Context, requested: Backend): OpenModel {
        if (fails) throw OutOfMemoryError("Failed to allocate a model")
        return Shadow.newInstanceOf(OpenModel::class.java)
    }

    companion object {
        var fails = false
    }
}

/** A model that is never run. */
@Implements(OpenModel::class)
@Suppress("UNUSED_PARAMETER")
class DescribedModel {
    @Implementation
    fun getContract(): ModelContract = ModelAssets(RuntimeEnvironment.getApplication().assets).description()

    @Implementation
    fun getRunner(): LiteRtRunner = Shadow.newInstanceOf(LiteRtRunner::class.java)

    @Implementation
    fun info(threshold: Double) = model()

    @Implementation
    fun close() = Unit
}

/** Never runs. */
@Implements(LiteRtRunner::class)
class NoRunner

/** Finds what a test says. */
@Implements(StillFaceFinder::class)
@Suppress("UNUSED_PARAMETER")
class GivenFaces {
    @Implementation
    fun __constructor__(context: Context, detector: String) = Unit

    @Implementation
    fun detect(bitmap: Bitmap, choice: FaceModelChoice?): List<Box> = boxes

    @Implementation
    fun detectInParts(bitmap: Bitmap, goesOn: () -> Boolean): List<Box> = boxes

    @Implementation
    fun close() = Unit

    companion object {
        var boxes = emptyList<Box>()
    }
}

/** A photo, whatever was chosen. */
@Implements(Pictures::class)
@Suppress("UNUSED_PARAMETER")
class GivenPhoto {
    @Implementation
    fun isVideo(address: Uri) = false

    @Implementation
    fun photo(address: Uri): Bitmap = Bitmap.createBitmap(64, 48, Bitmap.Config.ARGB_8888)
}

/** Pixels that do not fit into the memory once more. */
@Implements(Pictures.Companion::class)
@Suppress("UNUSED_PARAMETER")
class NoMemory {
    @Implementation
    fun frame(bitmap: Bitmap): RgbaFrame = throw OutOfMemoryError("Failed to allocate a 96000012 byte allocation")
}

@RunWith(RobolectricTestRunner::class)
@Config(
    sdk = [33],
    shadows = [
        OpensDescription::class, DescribedModel::class, NoRunner::class, GivenFaces::class,
        GivenPhoto::class, NoMemory::class,
    ],
)
class GalleryScorerTest {
    private val context = RuntimeEnvironment.getApplication()
    private val events = ArrayList<UiEvent>()
    private val listener = object : GalleryScorer.Listener {
        override fun onEvent(event: UiEvent) {
            events.add(event)
        }

        override fun onShot(picture: Bitmap, shot: Shot) = Unit

        override fun onProgress(index: Int, count: Int) = Unit

        override fun onVideo(withFace: Int, frames: Int) = Unit

        override fun onDone() {
            done += 1
        }
    }
    private var done = 0

    /** What comes of a photo in the end. */
    private fun outcome(): UiEvent {
        val scorer = GalleryScorer(context, Settings(context), listener)
        scorer.score(Uri.parse("content://gallery/photo"))
        // A thread that an error ended never answers, so this does not wait for the thread.
        val last = System.nanoTime() + 60_000_000_000
        while (done == 0 && System.nanoTime() < last) {
            Thread.sleep(5)
            shadowOf(Looper.getMainLooper()).idle()
        }
        scorer.close()
        assertEquals(1, done)
        return events.last()
    }

    @After
    fun forget() {
        OpensDescription.fails = false
        GivenFaces.boxes = emptyList()
    }

    @Test
    fun `a photo too large for the memory is said so, and the app goes on`() {
        GivenFaces.boxes = listOf(Box(10, 10, 20, 20))
        val words = "The phone has too little memory for it."
        assertEquals(UiEvent.Failed(Problem.PICTURE, words), outcome())
    }

    @Test
    fun `a model too large for the memory is no fault of the picture`() {
        OpensDescription.fails = true
        assertEquals(Problem.MODEL, (outcome() as UiEvent.Failed).problem)
    }

    @Test
    fun `without a face no pixel is copied`() {
        assertEquals(UiEvent.FrameScored(emptyList()), outcome())
    }
}
