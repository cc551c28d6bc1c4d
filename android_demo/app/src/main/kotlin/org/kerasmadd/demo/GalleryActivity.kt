package org.kerasmadd.demo

import android.graphics.Bitmap
import android.net.Uri
import android.os.Bundle
import android.view.View
import androidx.activity.ComponentActivity
import androidx.activity.result.PickVisualMediaRequest
import androidx.activity.result.contract.ActivityResultContracts.PickVisualMedia
import org.kerasmadd.core.GalleryWork
import org.kerasmadd.core.ScaleMode
import org.kerasmadd.core.Source
import org.kerasmadd.core.UiEvent
import org.kerasmadd.core.UiFacts
import org.kerasmadd.core.UiState
import org.kerasmadd.demo.gallery.GalleryScorer
import org.kerasmadd.demo.ui.HeatChoice
import org.kerasmadd.demo.ui.Message
import org.kerasmadd.demo.ui.Screen
import org.kerasmadd.demo.ui.ShareAction
import org.kerasmadd.demo.ui.Shot
import org.kerasmadd.demo.ui.TitleBar
import org.kerasmadd.demo.ui.content
import org.kerasmadd.demo.ui.keepOffTheEdges

/** Photos and videos: the system's picker gives one at a time, so no permission is needed. */
class GalleryActivity : ComponentActivity(), GalleryScorer.Listener {
    private val pick = registerForActivityResult(PickVisualMedia()) { address -> onPicked(address) }
    private lateinit var settings: Settings
    private lateinit var screen: Screen
    private var facts = UiFacts(source = Source.GALLERY)
    private var scorer: GalleryScorer? = null
    private var work = GalleryWork<Uri>()
    private var reading = false
    private var summary = ""
    private var picture: Bitmap? = null
    private var shot: Shot? = null

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.activity_gallery)
        content.keepOffTheEdges()
        TitleBar(content).show(R.string.gallery_title) { finish() }
        settings = Settings(this)
        screen = Screen(content)
        screen.overlay.scaleMode = ScaleMode.FIT
        screen.switchButton.visibility = View.GONE
        screen.pauseButton.visibility = View.GONE
        screen.settingsButton.visibility = View.GONE
        screen.galleryButton.setOnClickListener { choose() }
        screen.heatButton.setOnClickListener { nextHeat() }
        screen.shareButton.setOnClickListener { share() }
        screen.onMessageButton = { restart() }
        screen.show(facts.after(UiEvent.SourceChosen(Source.GALLERY)).state)
        savedInstanceState?.getString(CHOSEN)?.let { work = work.choose(Uri.parse(it)) }
        if (savedInstanceState == null) choose()
    }

    override fun onSaveInstanceState(outState: Bundle) {
        super.onSaveInstanceState(outState)
        outState.putString(CHOSEN, work.chosen?.toString())
    }

    override fun onStart() {
        super.onStart()
        scorer = GalleryScorer(this, settings, this)
        // What was done stays on the screen; what leaving interrupted is done again.
        work.pending?.let(::score)
    }

    override fun onStop() {
        scorer?.close()
        scorer = null
        super.onStop()
    }

    private fun choose() = pick.launch(
        PickVisualMediaRequest.Builder().setMediaType(PickVisualMedia.ImageAndVideo).build(),
    )

    private fun onPicked(address: Uri?) {
        if (address == null) {
            // Nothing chosen, and nothing shown to go back to.
            if (work.chosen == null) finish()
            return
        }
        work = work.choose(address)
        // The picker's answer comes before onStart or after it.
        if (scorer == null) return
        // Neither what is under way nor what broke may have a say in it: a new scorer hears of neither.
        if (reading || (facts.state as? UiState.Failed)?.canRetry == true) restart() else score(address)
    }

    private fun score(address: Uri) {
        picture = null
        shot = null
        summary = ""
        screen.showNote("")
        screen.overlay.show(null)
        reading = true
        handle(UiEvent.SourceChosen(Source.GALLERY))
        scorer?.score(address)
    }

    private fun restart() {
        scorer?.close()
        scorer = GalleryScorer(this, settings, this)
        work.chosen?.let { work = work.choose(it) }
        work.pending?.let(::score)
    }

    override fun onEvent(event: UiEvent) = handle(event)

    override fun onShot(picture: Bitmap, shot: Shot) {
        this.picture = picture
        this.shot = shot
        screen.overlay.show(shot, picture)
    }

    override fun onProgress(index: Int, count: Int) =
        screen.showNote(getString(R.string.reading_video, index + 1, count))

    override fun onVideo(withFace: Int, frames: Int) {
        summary = getString(R.string.video_frames, withFace, frames)
    }

    override fun onDone() {
        work = work.finish()
        reading = false
        screen.showNote(summary)
        screen.show(facts.state)
        // Spoken once, when the whole photo or video was looked at.
        screen.announceNow()
    }

    private fun handle(event: UiEvent) {
        facts = facts.after(event)
        if (event is UiEvent.ModelReady) screen.showHeat(settings.heat, event.model)
        val state = facts.state
        if (reading && state is UiState.Waiting) {
            screen.show(state, Message(getString(R.string.reading_title), "", busy = true))
        } else {
            screen.show(state)
        }
    }

    private fun nextHeat() {
        val count = facts.model?.mapCount ?: 0
        settings.heat = if (count == 0) HeatChoice.OFF else settings.heat.next(count)
        screen.showHeat(settings.heat, facts.model)
    }

    private fun share() {
        val model = facts.model ?: return
        ShareAction(this).share(picture, shot, model, screen.overlay.heat)
    }

    private companion object {
        const val CHOSEN = "chosen"
    }
}
