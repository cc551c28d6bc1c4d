// Signatures of androidx.lifecycle 2.10, only those the app uses. Never packaged.
package androidx.lifecycle

public abstract class Lifecycle

public interface LifecycleOwner {
    public val lifecycle: Lifecycle
}
