package org.kerasmadd.core

/** A face that a detector found, and how sure it is, 0 to 1. */
data class FoundFace(val box: Box, val confidence: Float)

/**
 * A large picture in parts, for faces that are small in it: the twin of `keras_madd/faces/parts.py`.
 */
object PictureParts {
    private const val SIDE = 800
    private const val MOST_ALONG = 8
    private const val SMALL = 10

    /** Of many parts some have leaves or folds that look like a face: those are below it. */
    private const val LEAST_CONFIDENCE = 0.7f

    /** Whether a picture may show faces that are small in it: it is large and its [boxes] are not. */
    fun hasSmallFaces(width: Int, height: Int, boxes: List<Box>): Boolean {
        val longer = maxOf(width, height)
        return longer > SIDE && boxes.all { SMALL * it.width < longer }
    }

    /** Squares that overlap by half, so that every small face lies whole in one of them. */
    fun of(width: Int, height: Int): List<Box> {
        val longer = maxOf(width, height)
        val side = maxOf(SIDE, longer / MOST_ALONG + if (longer % MOST_ALONG == 0) 0 else 1)
        val across = starts(width, side)
        return starts(height, side).flatMap { y ->
            across.map { x -> Box(x, y, minOf(side, width), minOf(side, height)) }
        }
    }

    /** Whether two boxes are of one face, of which a part may have shown no more than half. */
    fun areOneFace(box: Box, other: Box): Boolean = hasMiddle(box, other) || hasMiddle(other, box)

    /**
     * Returns the faces that are found in parts alone, the surest first.
     *
     * @param found the boxes of the faces found in the whole picture.
     * @param look returns the faces that a part shows, in pixels of the part.
     */
    fun further(width: Int, height: Int, found: List<Box>, look: (Box) -> List<FoundFace>): List<Box> {
        if (!hasSmallFaces(width, height, found)) return emptyList()
        val seen = of(width, height).flatMap { part ->
            look(part).filter { it.confidence >= LEAST_CONFIDENCE }.map { face ->
                face.copy(box = face.box.copy(x = face.box.x + part.x, y = face.box.y + part.y))
            }
        }
        val further = ArrayList<Box>()
        for ((box, _) in seen.sortedByDescending { it.confidence }) {
            if ((found + further).none { areOneFace(box, it) }) further.add(box)
        }
        return further
    }

    private fun hasMiddle(box: Box, other: Box): Boolean {
        val twiceAcross = 2 * (other.x - box.x) + other.width
        val twiceDown = 2 * (other.y - box.y) + other.height
        return twiceAcross in 0..2 * box.width && twiceDown in 0..2 * box.height
    }

    private fun starts(length: Int, side: Int): List<Int> {
        if (length <= side) return listOf(0)
        val last = (2 * (length - side) + side - 1) / side
        return List(last + 1) { it * (length - side) / last }
    }
}
