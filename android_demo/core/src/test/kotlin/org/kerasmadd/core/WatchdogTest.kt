package org.kerasmadd.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test
import org.kerasmadd.core.Watchdog.Advice

class WatchdogTest {
    private val dog = Watchdog(patienceMillis = 100, mostRestarts = 2)

    @Test
    fun `a detector that answers in time is left alone`() {
        assertEquals(Advice.WAIT, dog.advice(5000))
        for (at in 0L..2000L step 200) {
            dog.given(at)
            assertEquals(Advice.WAIT, dog.advice(at + 99))
            dog.answered()
            assertEquals(Advice.WAIT, dog.advice(at + 150))
        }
        assertEquals(0, dog.restarts)
    }

    @Test
    fun `a silence is told of once`() {
        dog.given(1000)
        assertEquals(Advice.RESTART, dog.advice(1100))
        assertEquals(Advice.WAIT, dog.advice(9000))
        assertEquals(1, dog.restarts)
    }

    @Test
    fun `restarts that do not help end, and an answer forgives them`() {
        fun silence(at: Long): Advice {
            dog.given(at)
            return dog.advice(at + 100)
        }
        assertEquals(Advice.RESTART, silence(0))
        assertEquals(Advice.RESTART, silence(1000))
        assertEquals(Advice.GIVE_UP, silence(2000))
        dog.answered()
        assertEquals(Advice.RESTART, silence(3000))
        assertEquals(3, dog.restarts)
    }

    @Test
    fun `an error that was told is no silence`() {
        dog.given(0)
        dog.rest()
        assertEquals(Advice.WAIT, dog.advice(1000))
        assertThrows(IllegalArgumentException::class.java) { Watchdog(patienceMillis = 0) }
    }
}
