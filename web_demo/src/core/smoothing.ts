/**
 * A score that a person can read, smoothed over time: the twin of
 * `keras_madd/inference/smoothing.py`, where the arithmetic is written out.
 */
import { logOdds, sigmoid } from "./calibration.ts";
import type { Verdict } from "./verdict.ts";

export const DEFAULT_ALPHA = 0.1;
export const MIN_FRAMES = 5;
/** Distance of both levels from the threshold. */
export const HALF_BAND = 0.05;
const MOST_TRACKS = 64;

/** What a `ScoreSmoother` says of a track after an observation. */
export interface SmoothedScore {
  readonly probability: number;
  readonly verdict: Verdict;
  readonly frames: number;
}

/** Smooths the scores of tracked faces: exponentially, in log-odds, with hysteresis. */
export class ScoreSmoother {
  private readonly states = new Map<
    number,
    { frames: number; smoothed: number; verdict: Verdict }
  >();

  /**
   * @param alpha weight of a new observation once the mean has settled, above 0 and at most 1.
   * @param on smoothed probability from which a face is called fake.
   * @param off smoothed probability down from which it is called real; below `on`.
   * @param minFrames observations before the first verdict.
   */
  constructor(
    readonly alpha = DEFAULT_ALPHA,
    readonly on = 0.55,
    readonly off = 0.45,
    readonly minFrames = MIN_FRAMES,
  ) {
    if (!(alpha > 0 && alpha <= 1)) {
      throw new RangeError(`\`alpha\` must be above 0 and at most 1. Received: alpha=${alpha}`);
    }
    if (!(off >= 0 && off < on && on <= 1)) {
      throw new RangeError(
        `\`off\` and \`on\` must be from 0 to 1 and \`off\` the smaller. ` +
          `Received: on=${on}, off=${off}`,
      );
    }
    if (!(minFrames >= 1)) {
      throw new RangeError(`\`minFrames\` must be 1 or more. Received: minFrames=${minFrames}`);
    }
  }

  /** Returns a smoother whose two levels lie about a threshold, 0 to 1. */
  static forThreshold(threshold: number): ScoreSmoother {
    const on = Math.min(threshold + HALF_BAND, (threshold + 1) / 2);
    const off = Math.max(threshold - HALF_BAND, threshold / 2);
    return new ScoreSmoother(DEFAULT_ALPHA, on, off);
  }

  /** Takes one observation, a calibrated probability, of a track. */
  update(track: number, probability: number): SmoothedScore {
    const observed = logOdds(probability);
    const before = this.states.get(track);
    const frames = (before?.frames ?? 0) + 1;
    let smoothed = before?.smoothed ?? 0;
    smoothed += Math.max(this.alpha, 1 / frames) * (observed - smoothed);
    const shown = sigmoid(smoothed);
    let verdict: Verdict = before?.verdict ?? "unsure";
    if (frames >= this.minFrames) {
      if (shown >= this.on) verdict = "fake";
      else if (shown <= this.off) verdict = "real";
    }
    // A map keeps the order of insertion: what was seen last comes last.
    this.states.delete(track);
    this.states.set(track, { frames, smoothed, verdict });
    if (this.states.size > MOST_TRACKS) {
      this.states.delete(this.states.keys().next().value as number);
    }
    return { probability: shown, verdict, frames };
  }
}
