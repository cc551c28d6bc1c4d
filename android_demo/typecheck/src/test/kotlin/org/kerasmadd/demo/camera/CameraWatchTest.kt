package org.kerasmadd.demo.camera

import android.os.Looper
import androidx.activity.ComponentActivity
import androidx.camera.core.CameraState
import androidx.lifecycle.LifecycleOwner
import androidx.lifecycle.LiveData
import androidx.lifecycle.Observer
import java.time.Duration
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [33])
class CameraWatchTest {
    private class State(private val code: Int?) : CameraState() {
        override fun getError(): StateError? = code?.let {
            object : StateError() {
                override fun getCode() = it
            }
        }
    }

    private class States : LiveData<CameraState>() {
        val observers = ArrayList<Observer<in CameraState>>()

        override fun observe(owner: LifecycleOwner, observer: Observer<in CameraState>) {
            observers.add(observer)
        }

        override fun removeObserver(observer: Observer<in CameraState>) {
            observers.remove(observer)
        }

        fun tell(code: Int?) = observers.forEach { it.onChanged(State(code)) }
    }

    private val activity = Robolectric.buildActivity(ComponentActivity::class.java).get()
    private val states = States()
    private val told = ArrayList<String>()
    private val watch = CameraWatch(activity, states) { told.add(it) }

    private fun passes(millis: Long) =
        shadowOf(Looper.getMainLooper()).idleFor(Duration.ofMillis(millis))

    @Test
    fun `an error that lasts is told once, in words`() {
        states.tell(null)
        states.tell(CameraState.ERROR_CAMERA_IN_USE)
        states.tell(CameraState.ERROR_CAMERA_IN_USE)
        assertTrue(told.isEmpty())
        passes(CameraWatch.LASTS_MILLIS)
        assertEquals(listOf("Another app is using it."), told)
        states.tell(CameraState.ERROR_CAMERA_DISABLED)
        states.tell(8)
        passes(CameraWatch.LASTS_MILLIS)
        assertEquals("It is gone or broken (error 8).", told.last())
        assertEquals(2, told.size)
    }

    @Test
    fun `what mends itself is not told, and nothing after the end`() {
        states.tell(CameraState.ERROR_MAX_CAMERAS_IN_USE)
        passes(CameraWatch.LASTS_MILLIS / 2)
        states.tell(null)
        passes(CameraWatch.LASTS_MILLIS)
        states.tell(CameraState.ERROR_CAMERA_DISABLED)
        watch.close()
        passes(CameraWatch.LASTS_MILLIS)
        assertEquals(emptyList<String>(), told)
        assertTrue(states.observers.isEmpty())
    }
}
