// Signatures of CameraX 1.5 (androidx camera-core/api/1.5.0-beta01.txt), only those the app uses. Never packaged.
package androidx.camera.core;

import androidx.lifecycle.LiveData;

public interface CameraInfo {
    boolean hasFlashUnit();

    LiveData<ZoomState> getZoomState();

    LiveData<CameraState> getCameraState();
}
