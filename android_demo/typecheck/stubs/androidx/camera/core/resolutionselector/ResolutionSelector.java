// Signatures of CameraX 1.5 (androidx camera-core/api/1.5.0-beta01.txt), only those the app uses. Never packaged.
package androidx.camera.core.resolutionselector;

public final class ResolutionSelector {
    private ResolutionSelector() {}

    public static final class Builder {
        public Builder setAspectRatioStrategy(AspectRatioStrategy strategy) {
            throw new UnsupportedOperationException("stub");
        }

        public Builder setResolutionStrategy(ResolutionStrategy strategy) {
            throw new UnsupportedOperationException("stub");
        }

        public ResolutionSelector build() {
            throw new UnsupportedOperationException("stub");
        }
    }
}
