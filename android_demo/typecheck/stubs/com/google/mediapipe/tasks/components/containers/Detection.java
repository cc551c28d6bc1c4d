// Signatures of MediaPipe Tasks 0.10.35 (mediapipe/tasks/java, mediapipe/java/.../framework/image), only those the app uses. Never packaged.
package com.google.mediapipe.tasks.components.containers;

import android.graphics.RectF;
import java.util.List;

public abstract class Detection {
    public abstract List<Category> categories();

    public abstract RectF boundingBox();
}
