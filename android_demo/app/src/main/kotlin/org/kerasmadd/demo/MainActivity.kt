package org.kerasmadd.demo

import android.Manifest
import android.content.Context
import android.content.Intent
import android.content.pm.PackageManager
import android.graphics.Bitmap
import android.hardware.display.DisplayManager
import android.net.Uri
import android.os.Bundle
import android.os.Handler
import android.os.Looper
import android.os.SystemClock
import android.provider.Settings.ACTION_APPLICATION_DETAILS_SETTINGS
import android.view.WindowManager
import androidx.activity.ComponentActivity
import androidx.activity.result.contract.ActivityResultContracts.RequestPermission
import androidx.camera.view.PreviewView
import org.kerasmadd.core.LatencyStatistics
import org.kerasmadd.core.Permission
import org.kerasmadd.core.Problem
import org.kerasmadd.core.Stage
import org.kerasmadd.core.UiEvent
import org.kerasmadd.core.UiFacts
import org.kerasmadd.core.UiState
import org.kerasmadd.demo.camera.CameraKnobs
import org.kerasmadd.demo.camera.CameraSession
import org.kerasmadd.demo.camera.FramePipeline
import org.kerasmadd.demo.ui.HeatChoice
import org.kerasmadd.demo.ui.Screen
import org.kerasmadd.demo.ui.ShareAction
import org.kerasmadd.demo.ui.Shot
import org.kerasmadd.demo.ui.content
import org.kerasmadd.demo.ui.keepOffTheEdges
import org.kerasmadd.demo.ui.require

/**
 * The camera: wiring of permission, camera, pipeline and screen.
 *
 * Camera, detector and model live from `onStart` to `onStop`; nothing native outlasts that.
 */
class MainActivity : ComponentActivity() {
    private val statistics = LatencyStatistics()
    private val askPermission =
        registerForActivityResult(RequestPermission()) { granted -> onPermission(granted) }
    private lateinit var settings: Settings
    private lateinit var screen: Screen
    private lateinit var previewView: PreviewView
    private lateinit var knobs: CameraKnobs
    private var facts = UiFacts()
    private var pipeline: FramePipeline? = null
    private var camera: CameraSession? = null
    private var still: Pair<Bitmap?, Shot?>? = null
    private var speedShownAt = 0L
    private var asked = false

    private val rotationListener = object : DisplayManager.DisplayListener {
        override fun onDisplayChanged(displayId: Int) {
            // Upside down is no change of the configuration; this tells of it all the same.
            previewView.display?.let { camera?.setTargetRotation(it.rotation) }
        }

        override fun onDisplayAdded(displayId: Int) = Unit

        override fun onDisplayRemoved(displayId: Int) = Unit
    }

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        asked = savedInstanceState?.getBoolean(ASKED) ?: false
        setContentView(R.layout.activity_main)
        settings = Settings(this)
        content.keepOffTheEdges()
        previewView = content.require(R.id.preview)
        screen = Screen(content)
        knobs = CameraKnobs(screen, ::showNote)
        screen.overlay.statistics = statistics
        screen.onMessageButton = ::onMessageButton
        screen.switchButton.setOnClickListener { switchCamera() }
        screen.galleryButton.setOnClickListener { open(GalleryActivity::class.java) }
        screen.settingsButton.setOnClickListener { open(SettingsActivity::class.java) }
        screen.heatButton.setOnClickListener { nextHeat() }
        screen.pauseButton.setOnClickListener { togglePause() }
        screen.shareButton.setOnClickListener { share() }
        window.addFlags(WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON)
    }

    override fun onSaveInstanceState(outState: Bundle) {
        super.onSaveInstanceState(outState)
        outState.putBoolean(ASKED, asked)
    }

    override fun onStart() {
        super.onStart()
        facts = UiFacts(permission = facts.permission)
        displays().registerDisplayListener(rotationListener, Handler(Looper.getMainLooper()))
        val granted =
            checkSelfPermission(Manifest.permission.CAMERA) == PackageManager.PERMISSION_GRANTED
        if (granted) {
            handle(UiEvent.PermissionChanged(Permission.GRANTED))
            startAll()
        } else {
            screen.show(facts.state)
            if (!asked) askForCamera()
        }
    }

    override fun onStop() {
        displays().unregisterDisplayListener(rotationListener)
        stopAll()
        super.onStop()
    }

    private fun displays() = getSystemService(Context.DISPLAY_SERVICE) as DisplayManager

    private fun askForCamera() {
        asked = true
        askPermission.launch(Manifest.permission.CAMERA)
    }

    private fun onPermission(granted: Boolean) {
        val permission = when {
            granted -> Permission.GRANTED
            shouldShowRequestPermissionRationale(Manifest.permission.CAMERA) -> Permission.DENIED
            else -> Permission.DENIED_FOR_GOOD
        }
        handle(UiEvent.PermissionChanged(permission))
        // Where the answer came before the activity was in front, onStart does it.
        if (granted && pipeline == null) startAll()
    }

    private fun startAll() {
        statistics.clear()
        val started = FramePipeline(this, settings, statistics, ::handle, ::onShot)
        pipeline = started
        camera = CameraSession(this, previewView, started, started.executor) { reason ->
            handle(UiEvent.Failed(Problem.CAMERA, reason))
        }
        started.open(settings.backend)
        startCamera()
    }

    private fun startCamera() {
        knobs.controls = null
        camera?.start(
            settings.frontCamera,
            onChosen = { front -> pipeline?.mirrored = front },
            onStarted = { controls -> knobs.controls = controls },
        )
    }

    private fun stopAll() {
        knobs.controls = null
        camera?.close()
        camera = null
        pipeline?.close()
        pipeline = null
        still = null
        screen.overlay.show(null)
    }

    private fun handle(event: UiEvent) {
        facts = facts.after(event)
        if (event is UiEvent.ModelReady) screen.showHeat(settings.heat, event.model)
        if (event is UiEvent.DetectorRestarted || event == UiEvent.LoadingStarted) showNote()
        val state = facts.state
        screen.show(state)
        screen.announce(SystemClock.uptimeMillis())
        if (state !is UiState.Faces && state !is UiState.Paused) screen.overlay.show(null)
    }

    private fun onShot(shot: Shot) {
        if (facts.state !is UiState.Faces) return
        screen.overlay.show(shot)
        val now = SystemClock.uptimeMillis()
        if (now - speedShownAt >= SPEED_EVERY_MILLIS) {
            speedShownAt = now
            screen.showSpeed(statistics.framesPerSecond(), statistics.latency(Stage.TOTAL).medianMillis)
        }
    }

    private fun onMessageButton(state: UiState) {
        when (state) {
            is UiState.PermissionNeeded -> if (state.canAsk) askForCamera() else openSystemSettings()
            else -> {
                stopAll()
                startAll()
            }
        }
    }

    private fun switchCamera() {
        settings.frontCamera = !settings.frontCamera
        pipeline?.reset()
        if (camera != null) startCamera()
    }

    private fun nextHeat() {
        val count = facts.model?.mapCount ?: 0
        settings.heat = if (count == 0) HeatChoice.OFF else settings.heat.next(count)
        screen.showHeat(settings.heat, facts.model)
    }

    /** Picture and boxes stand still together, over a preview that goes on. */
    private fun togglePause() {
        val frames = pipeline ?: return
        if (facts.paused) {
            still = null
            handle(UiEvent.ResumePressed)
            // Somebody else may stand there now.
            frames.reset()
            statistics.clear()
            frames.resume()
            return
        }
        frames.pause { picture, shot ->
            handle(UiEvent.PausePressed)
            still = picture to shot
            screen.overlay.show(shot, picture)
        }
    }

    private fun showNote() {
        val times = facts.detectorRestarts
        val restarted =
            if (times == 0) "" else resources.getQuantityString(R.plurals.detector_restarted, times, times)
        screen.showNote(listOf(knobs.words(this), restarted).filter { it.isNotEmpty() }.joinToString(" · "))
    }

    private fun share() {
        val model = facts.model ?: return
        pipeline?.snapshot { picture, shot ->
            // A frame that was under way may have come through since the pause.
            val (shared, faces) = still ?: Pair(picture, shot)
            ShareAction(this).share(shared, faces, model, screen.overlay.heat)
        }
    }

    private fun open(activity: Class<*>) = startActivity(Intent(this, activity))

    private fun openSystemSettings() {
        val app = Uri.fromParts("package", packageName, null)
        startActivity(Intent(ACTION_APPLICATION_DETAILS_SETTINGS, app))
    }

    private companion object {
        const val ASKED = "asked"
        const val SPEED_EVERY_MILLIS = 500L
    }
}
