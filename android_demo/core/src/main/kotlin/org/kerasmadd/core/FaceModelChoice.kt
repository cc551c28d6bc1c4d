package org.kerasmadd.core

/** The two face models: for faces that fill a good part of the picture, and for small ones too. */
enum class FaceModel { SHORT, FULL }

/**
 * Chooses between the face models once for a face that is followed: the twin of
 * `keras_madd/faces/choice.py`, where `detector` of model.json is `auto`.
 *
 * Chosen anew for each frame, the models would take turns where faces are near the limit between
 * them, and scores would jump with their boxes. The short-range model looks first. Where it finds
 * nothing and the full-range model does, the full-range model looks alone from then on, until no
 * face was found in more than [maxMissed] frames in a row: every track has ended then.
 *
 * @property maxMissed frames without a face after which a choice still holds.
 */
class FaceModelChoice(val maxMissed: Int = 15) {
    /** The models to try on the next frame, in order. */
    var models: List<FaceModel> = BOTH
        private set

    private var missed = 0

    init {
        require(maxMissed >= 0) { "`maxMissed` must be 0 or more. Received: maxMissed=$maxMissed" }
    }

    /**
     * Takes what came of a frame.
     *
     * @param found the first of [models] that found a face, or null.
     */
    fun update(found: FaceModel?) {
        missed = if (found == null) missed + 1 else 0
        if (found == FaceModel.FULL) models = FULL_ALONE
        if (missed > maxMissed) models = BOTH
    }

    private companion object {
        val BOTH = listOf(FaceModel.SHORT, FaceModel.FULL)
        val FULL_ALONE = listOf(FaceModel.FULL)
    }
}
