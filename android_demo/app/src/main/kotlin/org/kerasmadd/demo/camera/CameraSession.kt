package org.kerasmadd.demo.camera

import android.util.Size
import android.view.Surface
import android.view.View
import androidx.activity.ComponentActivity
import androidx.camera.core.AspectRatio
import androidx.camera.core.CameraSelector
import androidx.camera.core.ImageAnalysis
import androidx.camera.core.Preview
import androidx.camera.core.UseCaseGroup
import androidx.camera.core.resolutionselector.AspectRatioStrategy
import androidx.camera.core.resolutionselector.ResolutionSelector
import androidx.camera.core.resolutionselector.ResolutionStrategy
import androidx.camera.lifecycle.ProcessCameraProvider
import androidx.camera.view.PreviewView
import androidx.core.content.ContextCompat
import java.util.concurrent.Executor

/**
 * The camera: what is seen in the preview is what is analysed. Call it on the main thread.
 *
 * @param executor where frames are handed over.
 * @param onFailure receives in words why there is no picture.
 */
class CameraSession(
    private val activity: ComponentActivity,
    private val previewView: PreviewView,
    private val analyzer: ImageAnalysis.Analyzer,
    private val executor: Executor,
    private val onFailure: (String) -> Unit,
) : AutoCloseable {
    private var provider: ProcessCameraProvider? = null
    private var preview: Preview? = null
    private var analysis: ImageAnalysis? = null
    private var watch: CameraWatch? = null
    private var closed = false

    /**
     * Starts the front or the back camera, or starts it again in another shape of the view.
     *
     * @param onChosen receives, before the first frame, whether it is the front camera; a phone
     *   without the wanted one uses the other.
     * @param onStarted receives its lamp, zoom and focus.
     */
    fun start(
        wantFront: Boolean,
        onChosen: (Boolean) -> Unit,
        onStarted: (CameraControls) -> Unit,
    ) {
        val pending = ProcessCameraProvider.getInstance(activity)
        pending.addListener({
            try {
                if (!closed) {
                    provider = pending.get()
                    // The view port needs the size of the view.
                    previewView.post { if (!closed) guarded { bind(wantFront, onChosen, onStarted) } }
                }
            } catch (error: Exception) {
                onFailure(describe(error))
            }
        }, ContextCompat.getMainExecutor(activity))
    }

    /** Tells the camera how the screen is turned, in `Surface.ROTATION_*`. */
    fun setTargetRotation(rotation: Int) {
        preview?.targetRotation = rotation
        analysis?.targetRotation = rotation
    }

    private fun bind(
        wantFront: Boolean,
        onChosen: (Boolean) -> Unit,
        onStarted: (CameraControls) -> Unit,
    ) {
        val provider = provider ?: return
        val viewPort = previewView.viewPort
        if (viewPort == null) {
            whenLaidOut { bind(wantFront, onChosen, onStarted) }
            return
        }
        unbind()
        val front = if (provider.hasCamera(selector(wantFront))) wantFront else !wantFront
        val rotation = previewView.display?.rotation ?: Surface.ROTATION_0
        val preview = Preview.Builder()
            .setResolutionSelector(resolution())
            .setTargetRotation(rotation)
            .build()
        preview.setSurfaceProvider(previewView.surfaceProvider)
        val analysis = ImageAnalysis.Builder()
            .setResolutionSelector(resolution())
            .setOutputImageFormat(ImageAnalysis.OUTPUT_IMAGE_FORMAT_RGBA_8888)
            .setBackpressureStrategy(ImageAnalysis.STRATEGY_KEEP_ONLY_LATEST)
            .setTargetRotation(rotation)
            .build()
        analysis.setAnalyzer(executor, analyzer)
        val group = UseCaseGroup.Builder()
            .setViewPort(viewPort)
            .addUseCase(preview)
            .addUseCase(analysis)
            .build()
        onChosen(front)
        val camera = provider.bindToLifecycle(activity, selector(front), group)
        this.preview = preview
        this.analysis = analysis
        watch = CameraWatch(activity, camera.cameraInfo.cameraState, onFailure)
        onStarted(CameraControls(camera, previewView))
    }

    /** A view without a size has no view port yet. */
    private fun whenLaidOut(work: () -> Unit) {
        previewView.addOnLayoutChangeListener(
            object : View.OnLayoutChangeListener {
                override fun onLayoutChange(
                    view: View,
                    left: Int, top: Int, right: Int, bottom: Int,
                    oldLeft: Int, oldTop: Int, oldRight: Int, oldBottom: Int,
                ) {
                    view.removeOnLayoutChangeListener(this)
                    view.post { if (!closed) guarded(work) }
                }
            },
        )
    }

    private fun unbind() {
        watch?.close()
        watch = null
        analysis?.clearAnalyzer()
        preview?.setSurfaceProvider(null)
        val bound = listOfNotNull(preview, analysis)
        if (bound.isNotEmpty()) provider?.unbind(*bound.toTypedArray())
        preview = null
        analysis = null
    }

    private inline fun guarded(work: () -> Unit) = try {
        work()
    } catch (error: Exception) {
        onFailure(describe(error))
    }

    private fun describe(error: Exception): String = error.message ?: error.javaClass.simpleName

    override fun close() {
        closed = true
        unbind()
    }

    private companion object {
        val FRAME_SIZE = Size(1280, 960)

        fun selector(front: Boolean): CameraSelector =
            if (front) CameraSelector.DEFAULT_FRONT_CAMERA else CameraSelector.DEFAULT_BACK_CAMERA

        /** One shape for both streams, so that both see the same part of the scene. */
        fun resolution(): ResolutionSelector = ResolutionSelector.Builder()
            .setAspectRatioStrategy(
                AspectRatioStrategy(AspectRatio.RATIO_4_3, AspectRatioStrategy.FALLBACK_RULE_AUTO),
            )
            .setResolutionStrategy(
                ResolutionStrategy(
                    FRAME_SIZE, ResolutionStrategy.FALLBACK_RULE_CLOSEST_LOWER_THEN_HIGHER,
                ),
            )
            .build()
    }
}
