// Signatures of CameraX 1.5 (androidx camera-core/api/1.5.0-beta01.txt), only those the app uses. Never packaged.
package androidx.camera.core.resolutionselector;

public final class AspectRatioStrategy {
    public static final int FALLBACK_RULE_AUTO = 1;

    public AspectRatioStrategy(int preferredAspectRatio, int fallbackRule) {
        throw new UnsupportedOperationException("stub");
    }
}
