package org.kerasmadd.demo.ui

import android.app.Activity
import android.view.View
import android.widget.TextView
import org.kerasmadd.demo.R
import org.kerasmadd.demo.inflate

/** The camera's screen, inflated, and what its views show. */
abstract class CameraScreen {
    protected val activity: Activity = inflate(R.layout.activity_main)
    protected val screen = Screen(activity.content)

    protected fun text(id: Int): String = activity.content.require<TextView>(id).text.toString()

    protected fun shown(id: Int): Boolean =
        activity.content.require<View>(id).visibility == View.VISIBLE
}
