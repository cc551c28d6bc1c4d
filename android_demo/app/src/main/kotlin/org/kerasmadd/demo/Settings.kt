package org.kerasmadd.demo

import android.content.Context
import android.content.SharedPreferences
import kotlin.math.roundToInt
import org.kerasmadd.core.Backend
import org.kerasmadd.core.ModelContract
import org.kerasmadd.demo.ui.HeatChoice

/** What the user chose; kept on the phone, never backed up. */
class Settings(context: Context) {
    private val stored = context.getSharedPreferences("settings", Context.MODE_PRIVATE)

    /** The back end to try first; CPU unless the user says otherwise. */
    var backend: Backend
        get() = Backend.entries.find { it.name == stored.getString(BACKEND, null) } ?: Backend.CPU
        set(value) = stored.edit { putString(BACKEND, value.name) }

    /** Probability from which a face is called fake, or null for the model's own. */
    var threshold: Double?
        get() = stored.getInt(THRESHOLD, 0).takeIf { it in 1..99 }?.let { it / 100.0 }
        set(value) = stored.edit {
            if (value == null) remove(THRESHOLD) else putInt(THRESHOLD, (100 * value).roundToInt())
        }

    /** The attention map that is drawn. */
    var heat: HeatChoice
        get() = HeatChoice(stored.getInt(HEAT, HeatChoice.SUM.index))
        set(value) = stored.edit { putInt(HEAT, value.index) }

    /** Whether the front camera is used. */
    var frontCamera: Boolean
        get() = stored.getBoolean(FRONT, true)
        set(value) = stored.edit { putBoolean(FRONT, value) }

    /** The threshold in force with a model. */
    fun thresholdFor(contract: ModelContract): Double = threshold ?: contract.calibration.threshold

    private fun SharedPreferences.edit(change: SharedPreferences.Editor.() -> Unit) =
        edit().apply(change).apply()

    private companion object {
        const val BACKEND = "backend"
        const val THRESHOLD = "threshold_percent"
        const val HEAT = "heat"
        const val FRONT = "front_camera"
    }
}
