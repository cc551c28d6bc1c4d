package org.kerasmadd.demo.model

import android.content.res.AssetManager
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.Environment
import com.google.ai.edge.litert.TensorBuffer
import java.io.File
import org.kerasmadd.core.Backend
import org.kerasmadd.core.InputType
import org.kerasmadd.core.ModelContract
import org.kerasmadd.core.ModelRunner
import org.kerasmadd.core.PixelPacking

/** The version of the runtime that `gradle/libs.versions.toml` pins. */
internal const val RUNTIME = "LiteRT 2.1.6"

/**
 * The model under LiteRT's compiled-model interface, with its buffers made once.
 *
 * Create, run and close it on one thread: GPU contexts belong to the thread that made them.
 *
 * @param environment must outlast it; it is not closed here.
 * @param programs folder where compiled GPU programs are kept; its name is their key.
 * @property backend where it runs.
 */
class LiteRtRunner(
    environment: Environment,
    assets: AssetManager,
    name: String,
    private val contract: ModelContract,
    val backend: Backend,
    programs: File?,
) : ModelRunner {
    private val owned = ArrayList<AutoCloseable>()
    private val model: CompiledModel
    private val input: TensorBuffer
    private val inputs: Map<String, TensorBuffer>
    private val outputs: Map<String, TensorBuffer>
    private val floats: FloatArray?

    override var attentionMaps: FloatArray? = null
        private set

    init {
        // LiteRT turns "NPU" into "NPU or CPU": without one it opens on the CPU and says nothing.
        if (backend == Backend.NPU) backend.requireAmong(available(environment))
        try {
            val options = options(backend, programs)
            model = CompiledModel.create(assets, name, options, environment).also(owned::add)
            input = model.createInputBuffer(contract.inputName).also(owned::add)
            inputs = mapOf(contract.inputName to input)
            outputs = contract.outputNames.associateWith { output ->
                model.createOutputBuffer(output).also(owned::add)
            }
            val values = 3 * contract.inputHeight * contract.inputWidth
            floats = if (contract.inputType == InputType.FLOAT32) FloatArray(values) else null
        } catch (failure: Throwable) {
            closeAll()
            throw failure
        }
    }

    override fun run(rgb: ByteArray): Float {
        if (floats == null) {
            input.writeInt8(rgb)
        } else {
            PixelPacking.toFloats(rgb, floats)
            input.writeFloat(floats)
        }
        model.run(inputs, outputs)
        attentionMaps = outputs[contract.mapsOutput]?.readFloat()
        return outputs.getValue(ModelContract.FAKE_PROBABILITY).readFloat()[0]
    }

    override fun close() = closeAll()

    private fun closeAll() {
        // Buffers first, the model last.
        while (owned.isNotEmpty()) owned.removeAt(owned.lastIndex).close()
    }

    private companion object {
        // More make networks of this size slower, not faster.
        const val MOST_THREADS = 4

        fun available(environment: Environment): Set<Backend> {
            val found = environment.getAvailableAccelerators().map { it.name }
            return Backend.entries.filter { it.name in found }.toSet()
        }

        fun options(backend: Backend, programs: File?): CompiledModel.Options = when (backend) {
            Backend.NPU -> CompiledModel.Options(Accelerator.NPU)
            // Alone, so that a graph the GPU cannot take fails, and the ladder says so.
            Backend.GPU -> CompiledModel.Options(Accelerator.GPU).apply {
                if (programs != null) {
                    gpuOptions = CompiledModel.GpuOptions(
                        serializationDir = programs.absolutePath,
                        modelCacheKey = programs.name,
                        serializeProgramCache = true,
                    )
                }
            }
            Backend.CPU -> CompiledModel.Options(Accelerator.CPU).apply {
                val threads = minOf(MOST_THREADS, Runtime.getRuntime().availableProcessors())
                cpuOptions = CompiledModel.CpuOptions(numThreads = threads)
            }
        }
    }
}
