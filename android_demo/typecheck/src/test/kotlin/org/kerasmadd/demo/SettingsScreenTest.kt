package org.kerasmadd.demo

import android.view.View
import android.widget.RadioButton
import android.widget.SeekBar
import android.widget.TextView
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.kerasmadd.core.Backend
import org.kerasmadd.core.Calibration
import org.kerasmadd.core.InputType
import org.kerasmadd.core.ModelContract
import org.kerasmadd.core.ModelContractException
import org.kerasmadd.demo.ui.HeatChoice
import org.kerasmadd.demo.ui.TitleBar
import org.kerasmadd.demo.ui.content
import org.kerasmadd.demo.ui.require
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [33], qualifiers = "w360dp-h740dp-port-xhdpi")
class SettingsScreenTest {
    private val activity = inflate(R.layout.activity_settings)
    private val settings = Settings(activity)
    private var wentBack = false
    private val contract = ModelContract(
        quantization = "int8",
        inputHeight = 224,
        inputWidth = 224,
        numAttentionMaps = 4,
        sha256 = "0123456789abcdef".repeat(4),
        classes = listOf("real", "fake"),
        cropMargin = 1.3,
        detector = "auto",
        trainingData = "synthetic faces",
        demonstration = true,
        inputName = "image",
        inputType = InputType.FLOAT32,
        outputNames = listOf("fake_probability", "attention_maps"),
        calibration = Calibration(1.25, 0.4),
    )

    private fun show() = SettingsScreen(activity.content, settings).show(Result.success(contract))

    private fun text(id: Int): String = activity.content.require<TextView>(id).text.toString()

    @Test
    fun `at first all is the model's own, on the CPU`() {
        show()
        assertEquals("A face is called fake from 40 %, the model's own threshold.", text(R.id.threshold_value))
        assertEquals(39, activity.content.require<SeekBar>(R.id.threshold).progress)
        assertTrue(activity.content.require<RadioButton>(R.id.backend_cpu).isChecked)
        assertEquals(0.4, settings.thresholdFor(contract), 0.0)
        assertTrue("224 × 224" in text(R.id.about_model) && "synthetic faces" in text(R.id.about_model))
        TitleBar(activity.content).show(R.string.settings_title) { wentBack = true }
        keep(drawn(activity.content), "settings")
        assertEquals("Settings", text(R.id.title))
        activity.content.require<View>(R.id.button_back).performClick()
        assertTrue(wentBack)
    }

    @Test
    fun `choices are kept, and can be taken back`() {
        show()
        activity.content.require<RadioButton>(R.id.backend_gpu).performClick()
        settings.threshold = 0.7
        settings.heat = HeatChoice(2)
        settings.frontCamera = false
        val again = Settings(activity)
        assertEquals(Backend.GPU, again.backend)
        assertEquals(0.7, again.thresholdFor(contract), 1e-9)
        assertEquals(HeatChoice(2), again.heat)
        assertEquals(false, again.frontCamera)
        show()
        assertEquals("A face is called fake from 70 %.", text(R.id.threshold_value))
        val bar = activity.content.require<SeekBar>(R.id.threshold)
        assertEquals("A face is called fake from 70 %.", bar.stateDescription)
        activity.content.require<View>(R.id.threshold_default).performClick()
        assertNull(settings.threshold)
        assertEquals(0.4, settings.thresholdFor(contract), 0.0)
    }

    @Test
    fun `a model that cannot be read is said so`() {
        val broken = Result.failure<ModelContract>(ModelContractException("no such asset"))
        SettingsScreen(activity.content, settings).show(broken)
        assertEquals("no such asset", text(R.id.about_model))
    }
}
