package org.kerasmadd.core

/** Parts of the work on a frame; the names are those of the trace sections. */
enum class Stage { DETECT, CROP, INFER, DRAW, TOTAL }

/** Hears where a stage begins and ends, on the thread that does the work. */
interface StageListener {
    fun begin(stage: Stage)

    fun end(stage: Stage)
}

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
    init {
        require(window >= 2) { "`window` must be 2 or more. Received: window=$window" }
    }

    /** The last values that were added. */
    private class Ring(size: Int) {
        val values = LongArray(size)
        var count = 0
        private var next = 0

        fun add(value: Long) {
            values[next] = value
            next = (next + 1) % values.size
            count = minOf(count + 1, values.size)
        }

        fun oldest(): Long = values[if (count < values.size) 0 else next]

        fun newest(): Long = values[(next + values.size - 1) % values.size]

        fun clear() {
            count = 0
            next = 0
        }
    }

    private val stages = Array(Stage.entries.size) { Ring(window) }
    private val scored = Ring(window)
    private val sorted = LongArray(window)

    /** Takes a measurement. */
    @Synchronized
    fun record(stage: Stage, nanos: Long) = stages[stage.ordinal].add(nanos)

    /** Takes the time at which a frame was scored. */
    @Synchronized
    fun frameScored(atNanos: Long) = scored.add(atNanos)

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
    @Synchronized
    fun latency(stage: Stage): StageLatency {
        val ring = stages[stage.ordinal]
        val count = ring.count
        if (count == 0) return StageLatency(stage, 0, 0.0, 0.0)
        ring.values.copyInto(sorted, 0, 0, count)
        sorted.sort(0, count)
        // The rank is ceil(q * count), in whole numbers.
        val median = sorted[(count + 1) / 2 - 1]
        val p90 = sorted[(9 * count + 9) / 10 - 1]
        return StageLatency(stage, count, median / NANOS_PER_MILLI, p90 / NANOS_PER_MILLI)
    }

    /** Returns frames scored per second over the window; 0 before the second frame. */
    @Synchronized
    fun framesPerSecond(): Double {
        val span = if (scored.count < 2) 0 else scored.newest() - scored.oldest()
        return if (span <= 0) 0.0 else (scored.count - 1) * 1e9 / span
    }

    /** Forgets everything, as after a pause. */
    @Synchronized
    fun clear() {
        stages.forEach { it.clear() }
        scored.clear()
    }

    private companion object {
        const val NANOS_PER_MILLI = 1e6
    }
}
