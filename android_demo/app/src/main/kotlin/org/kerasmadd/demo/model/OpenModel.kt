package org.kerasmadd.demo.model

import android.content.Context
import android.os.Build
import android.util.Log
import com.google.ai.edge.litert.Environment
import java.io.File
import org.kerasmadd.core.Backend
import org.kerasmadd.core.BackendLadder
import org.kerasmadd.core.GpuCache
import org.kerasmadd.core.ModelContract
import org.kerasmadd.core.ModelInfo
import org.kerasmadd.core.UiEvent
import org.kerasmadd.demo.ui.AttentionMaps

/**
 * The model, opened on the best back end that passes the self-check.
 *
 * A back end that fails the check is given up like one that does not open; where none is left,
 * there is no model.
 *
 * Use it on one thread, the one that opened it.
 */
class OpenModel private constructor(
    val contract: ModelContract,
    private val environment: Environment,
    private val ladder: BackendLadder<LiteRtRunner>,
) : AutoCloseable {
    var runner: LiteRtRunner = ladder.open()
        private set

    /**
     * Gives the back end up, since it failed at work; the next one down takes over.
     *
     * @return what to tell the screen.
     * @throws org.kerasmadd.core.NoBackendException where there is none left.
     */
    fun recover(cause: Throwable, threshold: Double): UiEvent {
        runner = ladder.fallBack(cause)
        return UiEvent.ModelChanged(info(threshold))
    }

    /** A copy of the maps of the face that was scored last, where the model has any. */
    fun attentionMaps(): AttentionMaps? =
        AttentionMaps.copyOf(runner.attentionMaps, contract.numAttentionMaps, contract.fullScale)

    /** What the screen says of the model. */
    fun info(threshold: Double): ModelInfo {
        val calibration = contract.calibration.withThreshold(threshold)
        return ModelInfo(
            trainingData = contract.trainingData,
            quantization = contract.quantization,
            sha256 = contract.sha256,
            mapCount = contract.numAttentionMaps,
            marksBlending = contract.marksBlending,
            demonstration = contract.demonstration,
            threshold = threshold,
            clearThreshold = calibration.clearThreshold,
            requested = ladder.requested,
            actual = runner.backend,
            failures = ladder.failures,
        )
    }

    /** Frees the model, then what it ran in. */
    override fun close() {
        ladder.close()
        environment.close()
    }

    companion object {
        private const val TAG = "madd"

        /**
         * Opens the model of the assets.
         *
         * @throws org.kerasmadd.core.ModelContractException where the assets do not fit.
         * @throws org.kerasmadd.core.NoBackendException where nothing runs it as it should.
         */
        fun open(context: Context, requested: Backend): OpenModel {
            val files = ModelAssets(context.assets)
            val contract = files.contract()
            val check = files.selfCheck(contract)
            val crop = files.goldenCrop(check, contract)
            val programs = gpuCache(context, contract)
            val environment = Environment.create()
            try {
                val ladder = BackendLadder(
                    requested,
                    openOn = { backend ->
                        programs.watching(backend) {
                            val kept = if (backend == Backend.GPU) programs.begin() else null
                            LiteRtRunner(
                                environment, context.assets, ModelAssets.MODEL, contract, backend, kept,
                            )
                        }
                    },
                    verify = { runner ->
                        programs.watching(runner.backend) {
                            val result = check.compare(runner.run(crop).toDouble())
                            Log.i(TAG, "${runner.backend}: $result")
                            result.orThrow()
                        }
                        if (runner.backend == Backend.GPU) programs.succeeded()
                    },
                )
                return OpenModel(contract, environment, ladder)
            } catch (failure: Throwable) {
                environment.close()
                throw failure
            }
        }

        private fun gpuCache(context: Context, contract: ModelContract) = GpuCache(
            File(context.codeCacheDir, "gpu"),
            GpuCache.keyOf(contract.sha256, RUNTIME, Build.FINGERPRINT),
        )

        /** Programs that were kept may be why a GPU does not open or computes something else. */
        private inline fun <T> GpuCache.watching(backend: Backend, work: () -> T): T = try {
            work()
        } catch (failure: Throwable) {
            if (backend == Backend.GPU) failed()
            throw failure
        }
    }
}
