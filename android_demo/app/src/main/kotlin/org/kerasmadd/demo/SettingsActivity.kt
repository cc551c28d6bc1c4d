package org.kerasmadd.demo

import android.os.Build
import android.os.Bundle
import android.view.View
import android.widget.RadioGroup
import android.widget.SeekBar
import android.widget.TextView
import androidx.activity.ComponentActivity
import kotlin.math.roundToInt
import org.kerasmadd.core.Backend
import org.kerasmadd.core.ModelContract
import org.kerasmadd.core.ModelContractException
import org.kerasmadd.demo.model.ModelAssets
import org.kerasmadd.demo.ui.TitleBar
import org.kerasmadd.demo.ui.content
import org.kerasmadd.demo.ui.keepOffTheEdges
import org.kerasmadd.demo.ui.require

/** Threshold and back end, and what there is to know of the model. */
class SettingsActivity : ComponentActivity() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.activity_settings)
        content.keepOffTheEdges()
        TitleBar(content).show(R.string.settings_title) { finish() }
        SettingsScreen(content, Settings(this)).show(readContract())
    }

    /** The description alone; the camera checks the file itself. */
    private fun readContract(): Result<ModelContract> = try {
        Result.success(ModelAssets(assets).description())
    } catch (error: ModelContractException) {
        Result.failure(error)
    }
}

/** The views of the settings. */
class SettingsScreen(private val root: View, private val settings: Settings) {
    private val context = root.context
    private val value: TextView = root.require(R.id.threshold_value)
    private val bar: SeekBar = root.require(R.id.threshold)

    /** Shows the settings in force with a model; its error where it cannot be read. */
    fun show(contract: Result<ModelContract>) {
        root.require<TextView>(R.id.about_model).text =
            contract.fold(::about) { it.message.orEmpty() }
        showBackend()
        val own = contract.getOrNull()?.calibration?.threshold ?: DEFAULT_THRESHOLD
        showThreshold(own)
    }

    private fun showThreshold(own: Double) {
        bar.progress = (100 * (settings.threshold ?: own)).roundToInt() - 1
        describeThreshold(own)
        bar.setOnSeekBarChangeListener(object : SeekBar.OnSeekBarChangeListener {
            override fun onProgressChanged(bar: SeekBar, progress: Int, fromUser: Boolean) {
                if (fromUser) settings.threshold = (progress + 1) / 100.0
                describeThreshold(own)
            }

            override fun onStartTrackingTouch(bar: SeekBar) = Unit

            override fun onStopTrackingTouch(bar: SeekBar) = Unit
        })
        root.require<View>(R.id.threshold_default).setOnClickListener {
            settings.threshold = null
            bar.progress = (100 * own).roundToInt() - 1
            describeThreshold(own)
        }
    }

    private fun describeThreshold(own: Double) {
        val chosen = settings.threshold
        val text =
            if (chosen == null) R.string.threshold_value_model else R.string.threshold_value
        value.text = context.getString(text, 100 * (chosen ?: own))
        // The bar's own would be its share of the way, which begins at 1 %.
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) bar.stateDescription = value.text
    }

    private fun showBackend() {
        val group: RadioGroup = root.require(R.id.backend)
        group.check(BUTTONS.getValue(settings.backend))
        group.setOnCheckedChangeListener { _, checked ->
            BUTTONS.entries.find { it.value == checked }?.let { settings.backend = it.key }
        }
    }

    private fun about(contract: ModelContract): String = context.getString(
        R.string.about_model,
        contract.trainingData.ifEmpty { context.getString(R.string.unknown_data) },
        contract.quantization,
        contract.inputWidth,
        contract.inputHeight,
        contract.cropMargin,
        contract.detector,
        contract.calibration.temperature,
        contract.sha256,
    )

    private companion object {
        const val DEFAULT_THRESHOLD = 0.5
        val BUTTONS = mapOf(
            Backend.CPU to R.id.backend_cpu,
            Backend.GPU to R.id.backend_gpu,
            Backend.NPU to R.id.backend_npu,
        )
    }
}
