// Signatures of CameraX 1.5 (androidx camera-core/api/1.5.0-beta01.txt), only those the app uses. Never packaged.
package androidx.camera.core.resolutionselector;

import android.util.Size;

public final class ResolutionStrategy {
    public static final int FALLBACK_RULE_CLOSEST_LOWER_THEN_HIGHER = 3;

    public ResolutionStrategy(Size boundSize, int fallbackRule) {
        throw new UnsupportedOperationException("stub");
    }
}
