// Signatures of MediaPipe Tasks 0.10.35 (mediapipe/tasks/java, mediapipe/java/.../framework/image), only those the app uses. Never packaged.
package com.google.mediapipe.framework.image;

import android.graphics.Bitmap;

public class BitmapImageBuilder {
    public BitmapImageBuilder(Bitmap bitmap) {
        throw new UnsupportedOperationException("stub");
    }

    public MPImage build() {
        throw new UnsupportedOperationException("stub");
    }
}
