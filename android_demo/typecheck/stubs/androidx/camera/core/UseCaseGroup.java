// Signatures of CameraX 1.5 (androidx camera-core/api/1.5.0-beta01.txt), only those the app uses. Never packaged.
package androidx.camera.core;

public final class UseCaseGroup {
    private UseCaseGroup() {}

    public static final class Builder {
        public Builder setViewPort(ViewPort viewPort) {
            throw new UnsupportedOperationException("stub");
        }

        public Builder addUseCase(UseCase useCase) {
            throw new UnsupportedOperationException("stub");
        }

        public UseCaseGroup build() {
            throw new UnsupportedOperationException("stub");
        }
    }
}
