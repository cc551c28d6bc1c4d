package org.kerasmadd.demo

import android.os.Build
import android.os.Trace
import org.kerasmadd.core.Stage
import org.kerasmadd.core.StageListener

/** Name of a stage in a Perfetto trace: `detect`, `crop`, `infer`, `draw`. */
internal val Stage.section: String get() = name.lowercase()

/** Runs work inside a section that Perfetto shows. */
internal inline fun <T> traced(stage: Stage, work: () -> T): T {
    Trace.beginSection(stage.section)
    try {
        return work()
    } finally {
        Trace.endSection()
    }
}

/** A section that begins on one thread and ends on another. Phones before Android 10 lack them. */
internal object AsyncTrace {
    fun begin(stage: Stage, cookie: Int) {
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) {
            Trace.beginAsyncSection(stage.section, cookie)
        }
    }

    fun end(stage: Stage, cookie: Int) {
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) {
            Trace.endAsyncSection(stage.section, cookie)
        }
    }
}

/** Puts the scorer's stages, cropping and inference, into the trace. */
internal object TraceListener : StageListener {
    override fun begin(stage: Stage) = Trace.beginSection(stage.section)

    override fun end(stage: Stage) = Trace.endSection()
}
