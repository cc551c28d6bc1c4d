package org.kerasmadd.demo.ui

import android.view.View
import android.widget.TextView
import org.kerasmadd.demo.R

/** The line on top of a screen that is gone back from. */
class TitleBar(private val root: View) {
    /**
     * Shows what the screen is.
     *
     * @param title a string's resource.
     * @param onBack what the arrow does.
     */
    fun show(title: Int, onBack: () -> Unit) {
        root.require<TextView>(R.id.title).setText(title)
        root.require<View>(R.id.button_back).setOnClickListener { onBack() }
    }
}
