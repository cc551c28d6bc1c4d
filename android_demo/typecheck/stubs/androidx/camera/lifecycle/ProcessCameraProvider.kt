// Signatures of CameraX (androidx camera-lifecycle/api/current.txt of 1.5), only those the app uses. Never packaged.
package androidx.camera.lifecycle

import android.content.Context
import androidx.camera.core.Camera
import androidx.camera.core.CameraInfoUnavailableException
import androidx.camera.core.CameraSelector
import androidx.camera.core.UseCase
import androidx.camera.core.UseCaseGroup
import androidx.lifecycle.LifecycleOwner
import com.google.common.util.concurrent.ListenableFuture

@Suppress("UNUSED_PARAMETER", "unused")
public class ProcessCameraProvider private constructor() {
    @Throws(CameraInfoUnavailableException::class)
    public fun hasCamera(cameraSelector: CameraSelector): Boolean = stub()

    public fun bindToLifecycle(
        lifecycleOwner: LifecycleOwner,
        cameraSelector: CameraSelector,
        useCaseGroup: UseCaseGroup,
    ): Camera = stub()

    public fun unbind(vararg useCases: UseCase?): Unit = stub()

    public fun unbindAll(): Unit = stub()

    public companion object {
        @JvmStatic
        public fun getInstance(context: Context): ListenableFuture<ProcessCameraProvider> = stub()

        private fun stub(): Nothing = throw UnsupportedOperationException("stub")
    }
}
