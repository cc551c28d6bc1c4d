package org.kerasmadd.demo

import androidx.activity.ComponentActivity
import androidx.activity.result.ActivityResultCallback
import androidx.activity.result.ActivityResultLauncher
import androidx.activity.result.contract.ActivityResultContract
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import org.robolectric.shadows.ShadowActivity

/** Whom an activity asks, such as the photo picker, says what a test lets it say. */
@Implements(ComponentActivity::class)
class AskingActivity : ShadowActivity() {
    private lateinit var callback: ActivityResultCallback<*>

    @Suppress("UNUSED_PARAMETER")
    @Implementation
    fun <I, O> registerForActivityResult(
        contract: ActivityResultContract<I, O>,
        callback: ActivityResultCallback<O>,
    ): ActivityResultLauncher<I> {
        this.callback = callback
        return object : ActivityResultLauncher<I>() {
            override fun launch(input: I) = Unit
        }
    }

    @Suppress("UNCHECKED_CAST")
    fun <O> answer(result: O) = (callback as ActivityResultCallback<O>).onActivityResult(result)
}
