// Signatures of androidx.tracing 1.1, only those that androidx.test's monitor uses. Never packaged.
package androidx.tracing

public object Trace {
    @JvmStatic
    public fun beginSection(@Suppress("UNUSED_PARAMETER") label: String): Unit = Unit

    @JvmStatic
    public fun endSection(): Unit = Unit

    @JvmStatic
    public fun forceEnableAppTracing(): Unit = Unit

    @JvmStatic
    public fun isEnabled(): Boolean = false
}
