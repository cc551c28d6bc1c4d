// Signatures of androidx.lifecycle 2.10 (lifecycle-livedata-core/api), only those the app uses. Never packaged.
package androidx.lifecycle;

import org.jspecify.annotations.Nullable;

public abstract class LiveData<T> {
    public @Nullable T getValue() {
        throw new UnsupportedOperationException("stub");
    }

    public void observe(LifecycleOwner owner, Observer<? super T> observer) {
        throw new UnsupportedOperationException("stub");
    }

    public void removeObserver(Observer<? super T> observer) {
        throw new UnsupportedOperationException("stub");
    }
}
