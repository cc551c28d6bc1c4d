// Signatures of LiteRT 2.1 (litert/kotlin/src/main/kotlin of google-ai-edge/LiteRT), only those the app uses. Never packaged.
package com.google.ai.edge.litert

import android.content.res.AssetManager

public enum class Accelerator { NONE, CPU, GPU, NPU }

public class LiteRtException(message: String) : Exception(message)

public abstract class JniHandle internal constructor() : AutoCloseable {
    final override fun close(): Unit = stub()
}

public class Environment private constructor() : JniHandle() {
    public enum class Option { CompilerPluginLibraryDir, DispatchLibraryDir }

    @Throws(LiteRtException::class)
    public fun getAvailableAccelerators(): Set<Accelerator> = stub()

    public companion object {
        @Throws(LiteRtException::class)
        @JvmOverloads
        @JvmStatic
        public fun create(options: Map<Option, String> = mapOf()): Environment = stub(options)
    }
}

public class TensorBuffer private constructor() : JniHandle() {
    @Throws(LiteRtException::class)
    public fun writeFloat(data: FloatArray): Unit = stub(data)

    @Throws(LiteRtException::class)
    public fun writeInt8(data: ByteArray): Unit = stub(data)

    @Throws(LiteRtException::class)
    public fun readFloat(): FloatArray = stub()
}

public class CompiledModel private constructor() : JniHandle() {
    public data class CpuOptions(
        val numThreads: Int? = null,
        val xnnPackFlags: Int? = null,
        val xnnPackWeightCachePath: String? = null,
    )

    public data class GpuOptions(
        val constantTensorSharing: Boolean? = null,
        val infiniteFloatCapping: Boolean? = null,
        val allowSrcQuantizedFcConvOps: Boolean? = null,
        val precision: Precision? = null,
        val bufferStorageType: BufferStorageType? = null,
        val preferTextureWeights: Boolean? = null,
        val serializationDir: String? = null,
        val modelCacheKey: String? = null,
        val serializeProgramCache: Boolean? = null,
    ) {
        public enum class Precision { DEFAULT, FP16, FP32 }

        public enum class BufferStorageType { DEFAULT, BUFFER, TEXTURE_2D }
    }

    public class Options(internal vararg val accelerators: Accelerator) {
        public var cpuOptions: CpuOptions? = null
        public var gpuOptions: GpuOptions? = null

        public companion object {
            @JvmStatic
            public val CPU: Options = Options(Accelerator.CPU)
        }
    }

    @Throws(LiteRtException::class)
    public fun createInputBuffer(inputName: String, signature: String? = null): TensorBuffer =
        stub(inputName, signature)

    @Throws(LiteRtException::class)
    public fun createOutputBuffer(outputName: String, signature: String? = null): TensorBuffer =
        stub(outputName, signature)

    @Throws(LiteRtException::class)
    public fun run(
        inputs: Map<String, TensorBuffer>,
        outputs: Map<String, TensorBuffer>,
        signature: String? = null,
    ): Unit = stub(inputs, outputs, signature)

    public companion object {
        @Throws(LiteRtException::class)
        @JvmOverloads
        @JvmStatic
        public fun create(
            assetManager: AssetManager,
            assetName: String,
            options: Options = Options.CPU,
            optionalEnv: Environment? = null,
        ): CompiledModel = stub(assetManager, assetName, options, optionalEnv)
    }
}

@Suppress("UNUSED_PARAMETER")
private fun stub(vararg arguments: Any?): Nothing = throw UnsupportedOperationException("stub")
