// Signatures of MediaPipe Tasks 0.10.35 (mediapipe/tasks/java, mediapipe/java/.../framework/image), only those the app uses. Never packaged.
package com.google.mediapipe.tasks.vision.facedetector;

import android.content.Context;
import com.google.mediapipe.framework.image.MPImage;
import com.google.mediapipe.tasks.core.BaseOptions;
import com.google.mediapipe.tasks.core.ErrorListener;
import com.google.mediapipe.tasks.core.OutputHandler.ResultListener;
import com.google.mediapipe.tasks.vision.core.BaseVisionTaskApi;
import com.google.mediapipe.tasks.vision.core.RunningMode;

public final class FaceDetector extends BaseVisionTaskApi {
    private FaceDetector() {}

    public static FaceDetector createFromOptions(Context context, FaceDetectorOptions options) {
        throw new UnsupportedOperationException("stub");
    }

    public FaceDetectorResult detect(MPImage image) {
        throw new UnsupportedOperationException("stub");
    }

    public void detectAsync(MPImage image, long timestampMs) {
        throw new UnsupportedOperationException("stub");
    }

    public abstract static class FaceDetectorOptions {
        public static Builder builder() {
            throw new UnsupportedOperationException("stub");
        }

        public abstract static class Builder {
            public abstract Builder setBaseOptions(BaseOptions value);

            public abstract Builder setRunningMode(RunningMode value);

            public abstract Builder setMinDetectionConfidence(Float value);

            public abstract Builder setResultListener(
                    ResultListener<FaceDetectorResult, MPImage> value);

            public abstract Builder setErrorListener(ErrorListener value);

            public final FaceDetectorOptions build() {
                throw new UnsupportedOperationException("stub");
            }
        }
    }
}
