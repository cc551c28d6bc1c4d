// Signatures of CameraX 1.5 (androidx camera-core/api/1.5.0-beta01.txt), only those the app uses. Never packaged.
package androidx.camera.core;

import androidx.camera.core.resolutionselector.ResolutionSelector;
import org.jspecify.annotations.Nullable;

public final class Preview extends UseCase {
    private Preview() {}

    public void setSurfaceProvider(@Nullable SurfaceProvider provider) {
        throw new UnsupportedOperationException("stub");
    }

    public int getTargetRotation() {
        throw new UnsupportedOperationException("stub");
    }

    public void setTargetRotation(int rotation) {
        throw new UnsupportedOperationException("stub");
    }

    public interface SurfaceProvider {}

    public static final class Builder {
        public Builder setResolutionSelector(ResolutionSelector selector) {
            throw new UnsupportedOperationException("stub");
        }

        public Builder setTargetRotation(int rotation) {
            throw new UnsupportedOperationException("stub");
        }

        public Preview build() {
            throw new UnsupportedOperationException("stub");
        }
    }
}
