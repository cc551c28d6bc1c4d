package org.kerasmadd.demo.ui

import kotlin.math.sqrt
import org.kerasmadd.core.AttentionHeat
import org.kerasmadd.core.ScoredFace

/**
 * A scored picture, as it is drawn.
 *
 * @property width of the upright picture in pixels.
 * @property height of the upright picture in pixels.
 * @property mirrored whether the view shows it mirrored; the model never saw it so.
 * @property faces largest first.
 */
class Shot(val width: Int, val height: Int, val mirrored: Boolean, val faces: List<DrawnFace>)

/** A face and its attention maps, where the model has them. */
class DrawnFace(val face: ScoredFace, val maps: AttentionMaps?)

/**
 * Attention maps over a face's square.
 *
 * @property side of each map in cells.
 * @property count M.
 * @property fullScale the value that is drawn at full strength; null: the largest there is.
 */
class AttentionMaps private constructor(
    private val values: FloatArray,
    val side: Int,
    val count: Int,
    val fullScale: Float?,
) {
    /** Fills colours, row by row, for what was chosen. */
    fun colors(choice: HeatChoice, into: IntArray) {
        AttentionHeat.colors(values, count, choice.map, fullScale, into)
    }

    companion object {
        /** Copies a model's output, `side * side * count` values; null where there is none. */
        fun copyOf(values: FloatArray?, count: Int, fullScale: Float? = null): AttentionMaps? {
            if (values == null || count < 1 || values.size % count != 0) return null
            val side = sqrt((values.size / count).toDouble()).toInt()
            if (side < 1 || side * side * count != values.size) return null
            return AttentionMaps(values.copyOf(), side, count, fullScale)
        }
    }
}

/** Which heat map is drawn: none, the sum of all, or one. */
data class HeatChoice(val index: Int) {
    val isOff: Boolean get() = index == OFF.index

    /** The map, or null for the sum. */
    val map: Int? get() = index.takeIf { it >= 0 }

    /** What follows when the button is pressed: off, all, first, ..., last, off; of one map off, all, off. */
    fun next(count: Int): HeatChoice {
        val last = if (count == 1) SUM.index else count - 1
        return if (index < last) HeatChoice(index + 1) else OFF
    }

    companion object {
        val OFF = HeatChoice(-2)
        val SUM = HeatChoice(-1)
    }
}
