// Signatures of MediaPipe Tasks 0.10.35 (mediapipe/tasks/java, mediapipe/java/.../framework/image), only those the app uses. Never packaged.
package com.google.mediapipe.tasks.vision.facedetector;

import com.google.mediapipe.tasks.components.containers.Detection;
import com.google.mediapipe.tasks.core.TaskResult;
import java.util.List;

public abstract class FaceDetectorResult implements TaskResult {
    @Override
    public abstract long timestampMs();

    public abstract List<Detection> detections();
}
