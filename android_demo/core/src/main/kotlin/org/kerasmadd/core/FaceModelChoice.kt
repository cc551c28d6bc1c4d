package org.kerasmadd.core

/** The two face models: for faces that fill a good part of the picture, and for small ones too. */
enum class FaceModel { SHORT, FULL }

/**
 * Chooses between the face models once for a video, or once for a face that is followed: the twin of
 * `keras_madd/faces/choice.py`, where `detector` of model.json is `auto`.
 *
 * Chosen anew for each frame, the models would take turns where faces are near the limit between
 * them, and scores would jump with their boxes. The short-range model looks first. Where it finds
 * nothing and the full-range model does, the full-range model looks alone from then on, until no
 * face was found in more than [maxMissed] frames in a row: every track has ended then.
 *
 * @param maxMissed the property's first value: null for a video, where [settle] ends the choosing.
 */
class FaceModelChoice(maxMissed: Int? = 15) {
    /** Frames without a face after which the choice still holds; null: it holds to the end. */
    var maxMissed: Int? = maxMissed
        private set

    /** The models to try on the next frame, in order. */
    var models: List<FaceModel> = BOTH
        private set

    private var missed = 0
    private var shortHasFound = false

    init {
        require(maxMissed == null || maxMissed >= 0) {
            "`maxMissed` must be 0 or more. Received: maxMissed=$maxMissed"
        }
    }

    /**
     * Takes what came of a frame.
     *
     * @param found the first of [models] that found a face, or null.
     */
    fun update(found: FaceModel?) {
        missed = if (found == null) missed + 1 else 0
        val most = maxMissed
        when {
            found == FaceModel.FULL -> models = FULL_ALONE
            found == FaceModel.SHORT -> shortHasFound = true
            most != null && missed > most -> models = BOTH
        }
    }

    /** Tells whether only the full-range model is left. */
    val isFull: Boolean get() = models == FULL_ALONE

    /**
     * Chooses for good after some frames of a video: the short-range model, where it has found every
     * face that was found, and there was one.
     */
    fun settle() {
        models = if (shortHasFound && !isFull) SHORT_ALONE else FULL_ALONE
        maxMissed = null
    }

    private companion object {
        val BOTH = listOf(FaceModel.SHORT, FaceModel.FULL)
        val SHORT_ALONE = listOf(FaceModel.SHORT)
        val FULL_ALONE = listOf(FaceModel.FULL)
    }
}
