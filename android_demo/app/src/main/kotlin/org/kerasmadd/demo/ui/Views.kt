package org.kerasmadd.demo.ui

import android.app.Activity
import android.view.View

/** Returns the view with an id, which the layout must have. */
internal fun <T : View> View.require(id: Int): T =
    checkNotNull(findViewById<T>(id)) { "The layout lacks " + resources.getResourceName(id) }

/** Returns the view that holds an activity's layout. */
internal val Activity.content: View
    get() = checkNotNull(findViewById<View>(android.R.id.content)) { "There is no layout yet." }
