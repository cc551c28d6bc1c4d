package org.kerasmadd.demo

import android.content.Context
import android.net.Uri
import android.os.Bundle
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Test
import org.junit.runner.RunWith
import org.kerasmadd.core.Problem
import org.kerasmadd.core.UiEvent
import org.kerasmadd.demo.gallery.GalleryScorer
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import org.robolectric.shadow.api.Shadow

/** A scorer that notes what it is asked for and is done when a test says so. */
@Implements(GalleryScorer::class)
class NotingScorer {
    lateinit var listener: GalleryScorer.Listener
    val asked = ArrayList<String>()
    var closed = false

    @Suppress("UNUSED_PARAMETER")
    @Implementation
    fun __constructor__(context: Context, settings: Settings, listener: GalleryScorer.Listener) {
        this.listener = listener
        all.add(this)
    }

    @Implementation
    fun score(address: Uri) {
        asked.add(address.toString())
    }

    @Implementation
    fun close() {
        closed = true
    }

    companion object {
        val all = ArrayList<NotingScorer>()
    }
}

@RunWith(RobolectricTestRunner::class)
@Config(
    sdk = [33],
    qualifiers = "w360dp-h740dp-port-xhdpi",
    shadows = [AskingActivity::class, NotingScorer::class],
)
class GalleryActivityTest {
    // As after a turn of the phone: the picker is not opened at once.
    private val chosen = Bundle().apply { putString("chosen", "content://first") }
    private val controller = Robolectric.buildActivity(GalleryActivity::class.java).create(chosen)
    private val scorers get() = NotingScorer.all

    private fun pick(address: String) =
        Shadow.extract<AskingActivity>(controller.get()).answer(Uri.parse(address))

    @After
    fun forget() = scorers.clear()

    @Test
    fun `what is chosen while another is scored takes its place`() {
        controller.start()
        assertEquals(listOf("content://first"), scorers.single().asked)
        pick("content://second")
        assertEquals(listOf(true, false), scorers.map { it.closed })
        assertEquals(listOf("content://first"), scorers.first().asked)
        assertEquals(listOf("content://second"), scorers.last().asked)
    }

    @Test
    fun `what is chosen afterwards has the model that is open`() {
        controller.start()
        scorers.single().listener.onDone()
        pick("content://second")
        assertEquals(listOf("content://first", "content://second"), scorers.single().asked)
    }

    @Test
    fun `a failure that may pass ends with a model that is opened anew`() {
        controller.start()
        scorers.single().listener.onEvent(UiEvent.Failed(Problem.DETECTOR, "went silent"))
        scorers.single().listener.onDone()
        pick("content://second")
        assertEquals(listOf(true, false), scorers.map { it.closed })
        assertEquals(listOf("content://second"), scorers.last().asked)
    }

    @Test
    fun `what leaving interrupts is done again, and what was chosen meanwhile in its place`() {
        controller.start().stop().restart()
        assertEquals(List(2) { listOf("content://first") }, scorers.map { it.asked })
        controller.stop()
        pick("content://second")
        controller.restart()
        assertEquals(listOf("content://second"), scorers.last().asked)
        assertEquals(listOf(true, true, false), scorers.map { it.closed })
    }
}
