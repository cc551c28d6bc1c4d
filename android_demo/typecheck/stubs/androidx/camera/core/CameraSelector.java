// Signatures of CameraX 1.5 (androidx camera-core/api/1.5.0-beta01.txt), only those the app uses. Never packaged.
package androidx.camera.core;

public final class CameraSelector {
    public static final CameraSelector DEFAULT_FRONT_CAMERA = null;
    public static final CameraSelector DEFAULT_BACK_CAMERA = null;

    private CameraSelector() {}
}
