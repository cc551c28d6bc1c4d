// Signatures of androidx.activity 1.12 (activity/api/1.12.0-beta01.txt), only those the app uses. Never packaged.
package androidx.activity.result

import androidx.activity.result.contract.ActivityResultContracts

public fun interface ActivityResultCallback<O> {
    public fun onActivityResult(result: O)
}

public abstract class ActivityResultLauncher<I> {
    public open fun launch(input: I): Unit = throw UnsupportedOperationException("stub")
}

public class PickVisualMediaRequest internal constructor() {
    public class Builder {
        @Suppress("UNUSED_PARAMETER")
        public fun setMediaType(
            mediaType: ActivityResultContracts.PickVisualMedia.VisualMediaType,
        ): Builder = throw UnsupportedOperationException("stub")

        public fun build(): PickVisualMediaRequest = throw UnsupportedOperationException("stub")
    }
}
