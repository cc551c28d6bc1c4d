// Signatures of androidx.activity 1.12 (activity/api/1.12.0-beta01.txt), only those the app uses. Never packaged.
package androidx.activity

import android.app.Activity
import android.os.Bundle
import androidx.activity.result.ActivityResultCallback
import androidx.activity.result.ActivityResultLauncher
import androidx.activity.result.contract.ActivityResultContract
import androidx.lifecycle.Lifecycle
import androidx.lifecycle.LifecycleOwner

public open class ComponentActivity : Activity(), LifecycleOwner {
    override val lifecycle: Lifecycle
        get() = throw UnsupportedOperationException("stub")

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
    }

    override fun onSaveInstanceState(outState: Bundle) {
        super.onSaveInstanceState(outState)
    }

    @Suppress("UNUSED_PARAMETER")
    public fun <I, O> registerForActivityResult(
        contract: ActivityResultContract<I, O>,
        callback: ActivityResultCallback<O>,
    ): ActivityResultLauncher<I> = throw UnsupportedOperationException("stub")
}
