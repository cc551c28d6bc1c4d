// Signatures of androidx.core 1.17 (core/api), only those the app uses. Never packaged.
package androidx.core.content;

import android.content.Context;
import java.util.concurrent.Executor;

public class ContextCompat {
    protected ContextCompat() {}

    public static Executor getMainExecutor(Context context) {
        throw new UnsupportedOperationException("stub");
    }
}
