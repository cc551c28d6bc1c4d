// Signatures of CameraX 1.5 (androidx camera-core/api/1.5.0-beta01.txt), only those the app uses. Never packaged.
package androidx.camera.core;

import org.jspecify.annotations.Nullable;

public abstract class CameraState {
    public static final int ERROR_MAX_CAMERAS_IN_USE = 1;
    public static final int ERROR_CAMERA_IN_USE = 2;
    public static final int ERROR_CAMERA_DISABLED = 5;

    public abstract @Nullable StateError getError();

    public abstract static class StateError {
        public abstract int getCode();
    }
}
