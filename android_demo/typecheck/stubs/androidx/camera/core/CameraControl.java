// Signatures of CameraX 1.5 (androidx camera-core/api/1.5.0-beta01.txt), only those the app uses. Never packaged.
package androidx.camera.core;

import com.google.common.util.concurrent.ListenableFuture;

public interface CameraControl {
    ListenableFuture<Void> enableTorch(boolean torch);

    ListenableFuture<Void> setZoomRatio(float ratio);

    ListenableFuture<FocusMeteringResult> startFocusAndMetering(FocusMeteringAction action);
}
