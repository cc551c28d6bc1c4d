package org.kerasmadd.core

import java.nio.ByteBuffer
import java.util.Random

/**
 * Times core's own work on a frame of 1280x720:
 * `mvn -q -f android_demo/core/pom.xml test-compile exec:java`.
 */
object Benchmark {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val random = Random(0)
        val landscape = frame(1280, 720, 0, random)
        val portrait = frame(1280, 720, 90, random)
        val floats = FloatArray(3 * 224 * 224)
        val bytes = ByteArray(floats.size)
        val cropper = FaceCropper(224)
        val upright = ByteBuffer.allocateDirect(4 * 1280 * 720)
        // Sides jitter as a detector's do, so that tables are made anew for every frame.
        fun crop(frame: RgbaFrame, side: Int) = { turn: Int ->
            cropper.crop(frame, Box(200, 100, side + turn % 7, side), 1.3, bytes)
            PixelPacking.toFloats(bytes, floats)
        }
        val jobs = linkedMapOf<String, (Int) -> Unit>(
            "crop + pack, face of 150 pixels, upright" to crop(landscape, 150),
            "crop + pack, face of 300 pixels, upright" to crop(landscape, 300),
            "crop + pack, face of 300 pixels, turned by 90" to crop(portrait, 300),
            "crop + pack, face of 550 pixels, upright" to crop(landscape, 550),
            "crop + pack, face of 550 pixels, turned by 90" to crop(portrait, 550),
            "upright RGBA copy for the detector, turned by 0" to { PixelPacking.toUprightRgba(landscape, upright) },
            "upright RGBA copy for the detector, turned by 90" to { PixelPacking.toUprightRgba(portrait, upright) },
        )
        val times = jobs.mapValues { LongArray(ROUNDS) }
        for (round in -WARM_UP until ROUNDS) {
            for ((name, job) in jobs) {
                val start = System.nanoTime()
                job(round + WARM_UP)
                if (round >= 0) times.getValue(name)[round] = System.nanoTime() - start
            }
        }
        println("1280x720 RGBA with padded rows, crops of 224x224x3 float32; milliseconds, $ROUNDS rounds")
        for ((name, nanos) in times) {
            nanos.sort()
            println("%-52s minimum %.2f  median %.2f".format(name, nanos[0] / 1e6, nanos[ROUNDS / 2] / 1e6))
        }
    }

    private fun frame(width: Int, height: Int, rotation: Int, random: Random): RgbaFrame {
        val stride = 4 * width + 64
        val bytes = ByteArray(stride * height).also(random::nextBytes)
        val buffer = ByteBuffer.allocateDirect(bytes.size).put(bytes)
        return RgbaFrame(buffer, stride, FrameGeometry(width, height, rotation))
    }

    private const val WARM_UP = 100
    private const val ROUNDS = 200
}
