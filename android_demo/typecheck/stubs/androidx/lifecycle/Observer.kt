// Signatures of androidx.lifecycle 2.10 (lifecycle-livedata-core/api), only those the app uses. Never packaged.
package androidx.lifecycle

public fun interface Observer<T> {
    public fun onChanged(value: T)
}
