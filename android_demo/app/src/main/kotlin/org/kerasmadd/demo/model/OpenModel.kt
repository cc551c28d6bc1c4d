package org.kerasmadd.demo.model

import android.content.res.AssetManager
import org.kerasmadd.core.Backend
import org.kerasmadd.core.BackendLadder
import org.kerasmadd.core.ModelContract
import org.kerasmadd.core.ModelInfo
import org.kerasmadd.core.SelfCheckResult
import org.kerasmadd.core.UiEvent

/** A back end computes other numbers than the model has. */
class SelfCheckException(result: SelfCheckResult) : Exception(
    "self-check gave %.4f instead of %.4f".format(result.measured, result.expected),
)

/**
 * The model, opened on the best back end that passes the self-check.
 *
 * An accelerator that fails the check is given up like one that does not open. The CPU is the last
 * rung: where it fails too, it stays open and [selfCheck] says that no score may be shown.
 *
 * Use it on one thread, the one that opened it.
 */
class OpenModel private constructor(
    val contract: ModelContract,
    private val ladder: BackendLadder<LiteRtRunner>,
    private val lastCheck: () -> SelfCheckResult,
) : AutoCloseable {
    var runner: LiteRtRunner = ladder.open()
        private set

    /** What came of the golden crop on the back end in use. */
    val selfCheck: SelfCheckResult get() = lastCheck()

    /**
     * Gives the back end up, since it failed at work; the next one down takes over.
     *
     * @return what to tell the screen: the new back end, or that its numbers are wrong.
     * @throws org.kerasmadd.core.NoBackendException where there is none left.
     */
    fun recover(cause: Throwable, threshold: Double): UiEvent {
        runner = ladder.fallBack(cause)
        val now = info(threshold)
        if (!selfCheck.passed) return UiEvent.SelfCheckFailed(selfCheck, now)
        return UiEvent.ModelChanged(now)
    }

    /** What the screen says of the model. */
    fun info(threshold: Double) = ModelInfo(
        trainingData = contract.trainingData,
        quantization = contract.quantization,
        demonstration = contract.demonstration,
        threshold = threshold,
        requested = ladder.requested,
        actual = runner.backend,
        failures = ladder.failures,
    )

    override fun close() = ladder.close()

    companion object {
        /**
         * Opens the model of the assets.
         *
         * @throws org.kerasmadd.core.ModelContractException where the assets do not fit.
         * @throws org.kerasmadd.core.NoBackendException where nothing runs it.
         */
        fun open(assets: AssetManager, requested: Backend): OpenModel {
            val files = ModelAssets(assets)
            val contract = files.contract()
            val check = files.selfCheck(contract)
            val crop = files.goldenCrop(check, contract)
            lateinit var result: SelfCheckResult
            val ladder = BackendLadder(
                requested,
                openOn = { LiteRtRunner(assets, ModelAssets.MODEL, contract, it) },
                verify = { runner ->
                    result = check.compare(runner.run(crop).toDouble())
                    if (!result.passed && runner.backend != Backend.CPU) {
                        throw SelfCheckException(result)
                    }
                },
            )
            return OpenModel(contract, ladder, { result })
        }
    }
}
