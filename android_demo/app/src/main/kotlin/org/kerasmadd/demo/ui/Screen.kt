package org.kerasmadd.demo.ui

import android.os.Build
import android.view.View
import android.widget.Button
import android.widget.ImageButton
import android.widget.TextView
import org.kerasmadd.core.ModelInfo
import org.kerasmadd.core.UiState
import org.kerasmadd.core.Verdict
import org.kerasmadd.demo.R

/**
 * Puts a [UiState] on the views that camera and gallery share. Call it on the main thread.
 *
 * @param root a view that holds the `part_` layouts.
 */
class Screen(root: View) {
    private val context = root.context
    private val words = StateWords(root.resources)
    private val banner: TextView = root.require(R.id.banner)
    private val status: TextView = root.require(R.id.status)
    private val messagePanel: View = root.require(R.id.message)
    private val messageTitle: TextView = root.require(R.id.message_title)
    private val messageText: TextView = root.require(R.id.message_text)
    private val messageProgress: View = root.require(R.id.message_progress)
    private val messageButton: Button = root.require(R.id.message_button)
    private val verdict: TextView = root.require(R.id.verdict)
    private val verdictDetail: TextView = root.require(R.id.verdict_detail)
    private val heatLegend: View = root.require(R.id.heat_legend)
    private val heatLeast: TextView = root.require(R.id.heat_least)
    private val heatMost: TextView = root.require(R.id.heat_most)
    private val announcement: TextView = root.require(R.id.announcement)
    private val announcer = VerdictAnnouncer()
    private var model: ModelInfo? = null
    private var framesPerSecond = 0.0
    private var frameMillis = 0.0
    private var heatLine = ""
    private var heatDrawn = false
    private var showsFaces = false
    private var note = ""

    val overlay: OverlayView = root.require(R.id.overlay)
    val switchButton: ImageButton = root.require(R.id.button_switch)
    val galleryButton: ImageButton = root.require(R.id.button_gallery)
    val heatButton: ImageButton = root.require(R.id.button_heat)
    val pauseButton: ImageButton = root.require(R.id.button_pause)
    val shareButton: ImageButton = root.require(R.id.button_share)
    val settingsButton: ImageButton = root.require(R.id.button_settings)
    val torchButton: ImageButton = root.require(R.id.button_torch)

    /** What the button of a message does; it gets the state that was shown. */
    var onMessageButton: (UiState) -> Unit = {}

    /**
     * Shows a state.
     *
     * @param message what to say in the middle, by default what the state calls for.
     */
    fun show(state: UiState, message: Message? = words.message(state)) {
        model = state.model ?: model.takeIf { state !is UiState.Loading }
        showStatus()
        showMessage(state, message)
        showVerdict(state, visible = message == null)
        val paused = state is UiState.Paused
        pauseButton.setImageResource(if (paused) R.drawable.ic_play else R.drawable.ic_pause)
        pauseButton.contentDescription =
            context.getString(if (paused) R.string.button_resume else R.string.button_pause)
        showsFaces = state is UiState.Faces || (state is UiState.Paused && state.faces.isNotEmpty())
        overlay.contentDescription =
            context.getString(if (showsFaces) R.string.overlay_faces else R.string.overlay_description)
        showLegend()
        shareButton.isEnabled = showsFaces
        shareButton.alpha = if (showsFaces) 1f else DISABLED
    }

    /** Shows frames per second and the time of a frame; 0 frames per second hide both. */
    fun showSpeed(framesPerSecond: Double, millis: Double) {
        this.framesPerSecond = framesPerSecond
        frameMillis = millis
        showStatus()
    }

    /** Says in the status what is under way, such as the frame of a video; "" says nothing. */
    fun showNote(text: String) {
        note = text
        showStatus()
    }

    /** Draws another map of the model, where there is one, the last one at most, and says which. */
    fun showHeat(chosen: HeatChoice, model: ModelInfo?) {
        val count = model?.mapCount ?: 0
        // The choice may be of a model with more maps.
        val choice = HeatChoice(minOf(chosen.index, maxOf(count - 1, HeatChoice.SUM.index)))
        overlay.heat = choice
        val blending = model?.marksBlending == true
        heatLeast.setText(if (blending) R.string.blend_none else R.string.heat_little)
        heatMost.setText(if (blending) R.string.blend_sure else R.string.heat_much)
        heatLine = if (count == 0) "" else words.heat(choice, count)
        heatDrawn = count > 0 && !choice.isOff
        showLegend()
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) heatButton.stateDescription = heatLine
        showStatus()
    }

    /** Lets a screen reader speak the verdict, where it has lasted. Call it with every frame. */
    fun announce(atMillis: Long) {
        announcer.offer(verdict.text.toString(), atMillis)?.let { announcement.text = it }
    }

    /** Lets a screen reader speak the verdict at once, as when a photo was scored. */
    fun announceNow() {
        announcement.text = verdict.text
    }

    private fun showLegend() {
        heatLegend.visibility = if (heatDrawn && showsFaces) View.VISIBLE else View.GONE
    }

    private fun showStatus() {
        val shown = model
        banner.visibility = if (shown == null) View.INVISIBLE else View.VISIBLE
        if (shown != null) {
            banner.setText(
                if (shown.demonstration) R.string.banner_demonstration else R.string.banner_hint,
            )
        }
        val first = words.backend(shown, framesPerSecond, frameMillis)
        val second = listOf(heatLine, note).filter { it.isNotEmpty() }.joinToString(" · ")
        status.text = listOf(first, second).filter { it.isNotEmpty() }.joinToString("\n")
    }

    private fun showMessage(state: UiState, shown: Message?) {
        messagePanel.visibility = if (shown == null) View.GONE else View.VISIBLE
        if (shown == null) return
        // The same text again would be read aloud again.
        if (messageTitle.text.toString() != shown.title) messageTitle.text = shown.title
        messageText.text = shown.text
        messageProgress.visibility = if (shown.busy) View.VISIBLE else View.GONE
        messageButton.visibility = if (shown.button == null) View.GONE else View.VISIBLE
        messageButton.text = shown.button
        messageButton.setOnClickListener { onMessageButton(state) }
    }

    private fun showVerdict(state: UiState, visible: Boolean) {
        // Invisible, not gone: the camera's picture must not change its size.
        val visibility = if (visible) View.VISIBLE else View.INVISIBLE
        verdict.visibility = visibility
        verdictDetail.visibility = visibility
        verdict.text = words.verdict(state)
        verdictDetail.text = words.detail(state)
        val shown = state.highest?.verdict ?: Verdict.UNSURE
        val color = context.getColor(OverlayPainter.verdictColor(shown))
        verdict.setBackgroundColor(color)
        verdictDetail.setBackgroundColor(color)
    }

    private companion object {
        const val DISABLED = 0.4f
    }
}
