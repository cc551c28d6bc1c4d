package org.kerasmadd.demo.ui

import android.graphics.Bitmap
import org.junit.Assert.assertEquals
import org.junit.Test
import org.junit.runner.RunWith
import org.kerasmadd.core.ModelInfo
import org.kerasmadd.core.Verdict
import org.kerasmadd.demo.R
import org.kerasmadd.demo.face
import org.kerasmadd.demo.inflate
import org.kerasmadd.demo.model
import org.kerasmadd.demo.photo
import org.kerasmadd.demo.shot
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import org.robolectric.shadows.ShadowToast

/** A picture that does not fit into the memory. */
@Implements(ResultPicture::class)
@Suppress("UNUSED_PARAMETER")
class TooLarge {
    @Implementation
    fun draw(picture: Bitmap, shot: Shot, model: ModelInfo, heat: HeatChoice): Bitmap =
        throw OutOfMemoryError("Failed to allocate a picture")
}

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [33], shadows = [TooLarge::class])
class ShareActionTest {
    private val action = ShareAction(inflate(R.layout.activity_main))

    @Test
    fun `a result too large for the memory is said so, and the app goes on`() {
        action.share(photo(), shot(listOf(face(Verdict.NO_TRACE, 0.1))), model(), HeatChoice.OFF)
        assertEquals(
            "The picture could not be made: The phone has too little memory for it.",
            ShadowToast.getTextOfLatestToast(),
        )
    }

    @Test
    fun `without a face there is nothing to share`() {
        action.share(photo(), shot(emptyList()), model(), HeatChoice.OFF)
        assertEquals("There is no result to share yet", ShadowToast.getTextOfLatestToast())
    }
}
