import { MAX_MISSED } from "./face_tracker.ts";

/** The two face models: for faces that fill a good part of the picture, and for small ones too. */
export type FaceModel = "short" | "full";

/**
 * Chooses between the face models once for a video, or once for a face that is followed: the twin
 * of `keras_madd/faces/choice.py`, which says why and how.
 */
export class FaceModelChoice {
  /** The models to try on the next picture, in order. */
  models: readonly FaceModel[] = ["short", "full"];
  private missed = 0;
  private shortHasFound = false;

  /** @param maxMissed pictures without a face after which a choice still holds; null: always. */
  constructor(private maxMissed: number | null = MAX_MISSED) {
    if (maxMissed !== null && !(maxMissed >= 0)) {
      throw new RangeError(`\`maxMissed\` must not be negative. Received: maxMissed=${maxMissed}`);
    }
  }

  /**
   * Takes what came of a picture.
   *
   * @param found the first of `models` that found a face, or null.
   */
  update(found: FaceModel | null): void {
    this.missed = found === null ? this.missed + 1 : 0;
    if (found === "full") this.models = ["full"];
    else if (found === "short") this.shortHasFound = true;
    else if (this.maxMissed !== null && this.missed > this.maxMissed) {
      this.models = ["short", "full"];
    }
  }

  /** Tells whether only the full-range model is left. */
  get isFull(): boolean {
    return this.models.length === 1 && this.models[0] === "full";
  }

  /** Chooses for good after some pictures of a video, and returns the choice. */
  settle(): FaceModel {
    const choice = this.shortHasFound && !this.isFull ? "short" : "full";
    this.models = [choice];
    this.maxMissed = null;
    return choice;
  }
}
