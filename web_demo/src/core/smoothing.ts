/**
 * A score that a person can read, smoothed over time: the twin of
 * `keras_madd/inference/smoothing.py`, where the arithmetic is written out.
 */
import { logOdds, sigmoid } from "./calibration.ts";
import type { Thresholds, Verdict } from "./verdict.ts";

export const DEFAULT_ALPHA = 0.1;
export const MIN_FRAMES = 5;
/** Distance of both levels from the threshold. */
export const HALF_BAND = 0.05;
const MOST_TRACKS = 64;

/** Where verdicts of smoothed probabilities begin and end; see the constructor. */
export interface Levels {
  readonly on: number;
  readonly off: number;
  readonly clearOn?: number | null;
  readonly clearOff?: number | null;
}

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

  readonly on: number;
  readonly off: number;
  readonly clearOn: number | null;
  readonly clearOff: number | null;

  /**
   * @param levels smoothed probabilities: fake from `on`; until down to `off`, which is real in a
   *   model of two words. In one of three no trace was found down from `clearOn`, until up to
   *   `clearOff`, and it is uncertain between.
   * @param alpha weight of a new observation once the mean has settled, above 0 and at most 1.
   * @param minFrames observations before the first verdict.
   */
  constructor(
    levels: Levels,
    readonly alpha = DEFAULT_ALPHA,
    readonly minFrames = MIN_FRAMES,
  ) {
    const { on, off, clearOn = null, clearOff = null } = levels;
    this.on = on;
    this.off = off;
    this.clearOn = clearOn;
    this.clearOff = clearOff;
    if (!(alpha > 0 && alpha <= 1)) {
      throw new RangeError(`\`alpha\` must be above 0 and at most 1. Received: alpha=${alpha}`);
    }
    if (!(off >= 0 && off < on && on <= 1)) {
      throw new RangeError(
        `\`off\` and \`on\` must be from 0 to 1 and \`off\` the smaller. ` +
          `Received: on=${on}, off=${off}`,
      );
    }
    if (!fits(clearOn, clearOff, levels)) {
      throw new RangeError(
        "`clearOn` and `clearOff` must be from 0 to 1, the first below the second, and neither " +
          `above \`off\` and \`on\`; or both null. Received: clearOn=${clearOn}, ` +
          `clearOff=${clearOff}, on=${on}, off=${off}`,
      );
    }
    if (!(minFrames >= 1)) {
      throw new RangeError(`\`minFrames\` must be 1 or more. Received: minFrames=${minFrames}`);
    }
  }

  /** Returns a smoother whose levels lie about a model's thresholds. */
  static forThresholds({ threshold, clearThreshold }: Thresholds): ScoreSmoother {
    const [on, off] = about(threshold);
    if (clearThreshold === null) return new ScoreSmoother({ on, off });
    const [clearOff, clearOn] = about(clearThreshold);
    return new ScoreSmoother({ on, off, clearOn, clearOff });
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
    if (frames >= this.minFrames) verdict = this.verdict(shown, verdict);
    // A map keeps the order of insertion: what was seen last comes last.
    this.states.delete(track);
    this.states.set(track, { frames, smoothed, verdict });
    if (this.states.size > MOST_TRACKS) {
      this.states.delete(this.states.keys().next().value as number);
    }
    return { probability: shown, verdict, frames };
  }

  private verdict(shown: number, before: Verdict): Verdict {
    if (shown >= this.on) return "fake";
    if (this.clearOn === null || this.clearOff === null) return shown <= this.off ? "real" : before;
    if (shown <= this.clearOn) return "no trace found";
    const kept =
      before === "fake" ? shown > this.off : before === "no trace found" && shown < this.clearOff;
    return kept ? before : "uncertain";
  }
}

/** Returns the levels above and below a threshold. */
function about(threshold: number): [number, number] {
  const above = Math.min(threshold + HALF_BAND, (threshold + 1) / 2);
  return [above, Math.max(threshold - HALF_BAND, threshold / 2)];
}

function fits(clearOn: number | null, clearOff: number | null, { on, off }: Levels): boolean {
  if (clearOn === null || clearOff === null) return clearOn === clearOff;
  const inOrder = 0 <= clearOn && clearOn < clearOff && clearOff <= 1;
  return inOrder && clearOn <= off && clearOff <= on;
}
