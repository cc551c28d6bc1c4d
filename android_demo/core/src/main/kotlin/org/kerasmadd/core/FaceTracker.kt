package org.kerasmadd.core

/**
 * Gives the faces of a video lasting numbers: the twin of `keras_madd/faces/track.py`.
 *
 * Pairs of a track and a box that overlap enough are taken by falling overlap, ties by the lower
 * track and then the earlier box. Boxes left over start tracks in their order.
 *
 * @property minIou least overlap (intersection over union) of a face in two frames.
 * @property maxMissed frames a track may go unseen before it is dropped.
 */
class FaceTracker(val minIou: Double = 0.3, val maxMissed: Int = 15) {
    private class Track(val number: Int, var box: Box, var missed: Int = 0)

    private class Pair(val track: Track, val index: Int, val overlap: Double)

    private val tracks = ArrayList<Track>()
    private var next = 0

    init {
        require(minIou > 0 && minIou <= 1) {
            "`minIou` must be above 0 and at most 1. Received: minIou=$minIou"
        }
        require(maxMissed >= 0) { "`maxMissed` must be 0 or more. Received: maxMissed=$maxMissed" }
    }

    /**
     * Takes the faces of the next frame.
     *
     * @param boxes in pixels of the upright picture, in any order.
     * @return the track of each box: 0, 1, 2 in order of first sight.
     */
    fun update(boxes: List<Box>): List<Int> {
        val pairs = ArrayList<Pair>()
        for (track in tracks) {
            boxes.forEachIndexed { index, box ->
                val overlap = overlap(track.box, box)
                if (overlap >= minIou) pairs.add(Pair(track, index, overlap))
            }
        }
        // The sort is stable: among equals, lower tracks and then earlier boxes stay in front.
        pairs.sortByDescending { it.overlap }
        val numbers = IntArray(boxes.size) { -1 }
        val seen = HashSet<Track>()
        for (pair in pairs) {
            if (pair.track in seen || numbers[pair.index] >= 0) continue
            seen.add(pair.track)
            numbers[pair.index] = pair.track.number
            pair.track.box = boxes[pair.index]
            pair.track.missed = 0
        }
        for (track in tracks) if (track !in seen) track.missed += 1
        tracks.removeAll { it.missed > maxMissed }
        for (index in boxes.indices) {
            if (numbers[index] >= 0) continue
            numbers[index] = next
            tracks.add(Track(next++, boxes[index]))
        }
        return numbers.asList()
    }

    /** Ends every track; numbers go on from where they are. */
    fun clear() = tracks.clear()

    companion object {
        /** Returns intersection over union of two boxes, 0 to 1. */
        fun overlap(one: Box, other: Box): Double {
            val width = minOf(one.right, other.right).toLong() - maxOf(one.x, other.x)
            val height = minOf(one.bottom, other.bottom).toLong() - maxOf(one.y, other.y)
            if (width <= 0 || height <= 0) return 0.0
            val shared = width * height
            val union = one.width.toLong() * one.height + other.width.toLong() * other.height - shared
            return shared.toDouble() / union.toDouble()
        }
    }
}
