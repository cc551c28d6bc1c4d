// Signatures of MediaPipe Tasks 0.10.35 (mediapipe/tasks/java, mediapipe/java/.../framework/image), only those the app uses. Never packaged.
package com.google.mediapipe.tasks.components.containers;

public abstract class Category {
    public abstract float score();
}
