package org.kerasmadd.demo.ui

import android.os.Build
import android.view.View
import android.view.ViewGroup
import android.view.WindowInsets
import org.kerasmadd.core.SafeInsets

/**
 * Keeps the layout of an activity away from bars and display cutouts; its background reaches below
 * them. `fitsSystemWindows` would leave out the cutouts, which lie at the side in landscape.
 *
 * The receiver is the activity's `content`.
 */
internal fun View.keepOffTheEdges() {
    val layout = (this as ViewGroup).getChildAt(0)
    layout.setOnApplyWindowInsetsListener { view, insets ->
        val safe = bars(insets).and(cutout(insets))
        view.setPadding(safe.left, safe.top, safe.right, safe.bottom)
        insets
    }
}

@Suppress("DEPRECATION")
private fun bars(insets: WindowInsets): SafeInsets {
    if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) {
        val bars = insets.getInsets(WindowInsets.Type.systemBars())
        return SafeInsets(bars.left, bars.top, bars.right, bars.bottom)
    }
    return SafeInsets(
        insets.systemWindowInsetLeft,
        insets.systemWindowInsetTop,
        insets.systemWindowInsetRight,
        insets.systemWindowInsetBottom,
    )
}

private fun cutout(insets: WindowInsets): SafeInsets {
    val cutout = if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.P) insets.displayCutout else null
    if (Build.VERSION.SDK_INT < Build.VERSION_CODES.P || cutout == null) return SafeInsets(0, 0, 0, 0)
    return SafeInsets(
        cutout.safeInsetLeft, cutout.safeInsetTop, cutout.safeInsetRight, cutout.safeInsetBottom,
    )
}
