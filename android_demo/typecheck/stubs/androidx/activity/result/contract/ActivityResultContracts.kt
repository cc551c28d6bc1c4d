// Signatures of androidx.activity 1.12 (activity/api/1.12.0-beta01.txt), only those the app uses. Never packaged.
package androidx.activity.result.contract

import android.net.Uri
import androidx.activity.result.PickVisualMediaRequest

public abstract class ActivityResultContract<I, O>

public class ActivityResultContracts private constructor() {
    public class RequestPermission : ActivityResultContract<String, Boolean>()

    public open class PickVisualMedia : ActivityResultContract<PickVisualMediaRequest, Uri?>() {
        public sealed interface VisualMediaType

        public object ImageAndVideo : VisualMediaType
    }
}
