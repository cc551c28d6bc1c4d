// Signatures of CameraX 1.5 (androidx camera-core/api/1.5.0-beta01.txt), only those the app uses. Never packaged.
package androidx.camera.core;

public final class FocusMeteringAction {
    private FocusMeteringAction() {}

    public static class Builder {
        public Builder(MeteringPoint point) {}

        public FocusMeteringAction build() {
            throw new UnsupportedOperationException("stub");
        }
    }
}
