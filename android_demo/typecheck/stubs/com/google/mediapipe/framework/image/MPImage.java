// Signatures of MediaPipe Tasks 0.10.35 (mediapipe/tasks/java, mediapipe/java/.../framework/image), only those the app uses. Never packaged.
package com.google.mediapipe.framework.image;

import java.io.Closeable;

public class MPImage implements Closeable {
    MPImage() {}

    @Override
    public void close() {
        throw new UnsupportedOperationException("stub");
    }
}
