package org.kerasmadd.core

/** Parts of the work on a frame; the names are those of the trace sections. */
enum class Stage { DETECT, CROP, INFER, DRAW, TOTAL }

/**
 * How long a stage takes, over the last frames.
 *
 * @property count number of measurements it is of; 0 where there are none, and the rest is 0 too.
 */
data class StageLatency(val stage: Stage, val count: Int, val medianMillis: Double, val p90Millis: Double)

/**
 * Latencies of the last frames and frames per second, in a fixed amount of memory.
 *
 * Any thread may call; recording makes no garbage.
 *
 * @property window number of measurements that are kept of each stage.
 */
class LatencyStatistics(val window: Int = 120) {
    /** Takes a measurement. */
    fun record(stage: Stage, nanos: Long): Unit = TODO()

    /** Takes the time at which a frame's result was shown. */
    fun frameShown(atNanos: Long): Unit = TODO()

    /** Measures a piece of work, also where it throws. */
    inline fun <T> measure(stage: Stage, work: () -> T): T {
        val start = System.nanoTime()
        try {
            return work()
        } finally {
            record(stage, System.nanoTime() - start)
        }
    }

    /** Returns median and 90th percentile (nearest rank) of a stage. */
    fun latency(stage: Stage): StageLatency = TODO()

    /** Returns frames shown per second over the window; 0 before the second frame. */
    fun framesPerSecond(): Double = TODO()

    /** Forgets everything. */
    fun clear(): Unit = TODO()
}
