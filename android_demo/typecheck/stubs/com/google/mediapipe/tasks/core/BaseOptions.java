// Signatures of MediaPipe Tasks 0.10.35 (mediapipe/tasks/java, mediapipe/java/.../framework/image), only those the app uses. Never packaged.
package com.google.mediapipe.tasks.core;

public abstract class BaseOptions {
    public static Builder builder() {
        throw new UnsupportedOperationException("stub");
    }

    public abstract static class Builder {
        public abstract Builder setModelAssetPath(String value);

        public final BaseOptions build() {
            throw new UnsupportedOperationException("stub");
        }
    }
}
