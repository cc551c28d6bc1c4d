package org.kerasmadd.demo

import android.util.Log
import androidx.test.platform.app.InstrumentationRegistry
import kotlin.math.abs
import org.junit.Assert.assertTrue
import org.junit.Assume.assumeTrue
import org.junit.Test
import org.kerasmadd.core.Backend
import org.kerasmadd.demo.model.ModelAssets
import org.kerasmadd.demo.model.OpenModel

/**
 * How far each processor of a phone is from the desktop, on crops that `keras-madd export --android`
 * wrote. A processor that the phone lacks is skipped, and the reason is shown.
 */
class GoldenCropsOnDevice {
    private val instrumentation = InstrumentationRegistry.getInstrumentation()
    private val golden = ModelAssets(instrumentation.context.assets)

    private fun check(backend: Backend, most: Double?) {
        OpenModel.open(instrumentation.targetContext, backend).use { model ->
            val reasons = model.info(model.contract.calibration.threshold).failures
            assumeTrue(reasons.joinToString { it.reason }, model.runner.backend == backend)
            val differences = golden.selfChecks(model.contract).map { check ->
                val crop = golden.goldenCrop(check, model.contract)
                val found = check.compare(model.runner.run(crop).toDouble())
                val words = "$backend, ${check.crop}: $found"
                Log.i("madd", words)
                val difference = abs(found.measured - found.expected)
                assertTrue(words, difference <= (most ?: check.tolerance))
                difference
            }
            assertTrue("There are golden crops.", differences.size >= LEAST_CROPS)
            Log.i("madd", "$backend: mean ${differences.average()}, largest ${differences.max()}")
        }
    }

    @Test
    fun cpu() = check(Backend.CPU, most = CPU_TOLERANCE)

    @Test
    fun gpu() = check(Backend.GPU, most = null)

    @Test
    fun npu() = check(Backend.NPU, most = null)

    private companion object {
        const val LEAST_CROPS = 4

        // The same kernels as on a desktop; other instructions round differently.
        const val CPU_TOLERANCE = 0.02
    }
}
