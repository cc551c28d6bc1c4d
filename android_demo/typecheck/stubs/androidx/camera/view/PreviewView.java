// Signatures of CameraX (androidx camera-view/api/restricted_1.6.0-beta01.txt; unchanged since 1.5), only those the app uses. Never packaged.
package androidx.camera.view;

import android.content.Context;
import android.util.AttributeSet;
import android.widget.FrameLayout;
import androidx.camera.core.MeteringPointFactory;
import androidx.camera.core.Preview;
import androidx.camera.core.ViewPort;
import org.jspecify.annotations.Nullable;

/** The constructors work, so that layouts can be inflated. */
public final class PreviewView extends FrameLayout {
    public PreviewView(Context context) {
        super(context);
    }

    public PreviewView(Context context, @Nullable AttributeSet attributes) {
        super(context, attributes);
    }

    public Preview.SurfaceProvider getSurfaceProvider() {
        throw new UnsupportedOperationException("stub");
    }

    public MeteringPointFactory getMeteringPointFactory() {
        throw new UnsupportedOperationException("stub");
    }

    public @Nullable ViewPort getViewPort() {
        throw new UnsupportedOperationException("stub");
    }
}
