import assert from "node:assert/strict";
import test from "node:test";

import { ScoreSmoother } from "../../src/core/smoothing.ts";
import { golden } from "./golden.ts";

interface Golden {
  levels: {
    threshold: number;
    on: number;
    off: number;
    clear_threshold?: number;
    clear_on?: number;
    clear_off?: number;
  }[];
  cases: {
    name: string;
    alpha: number;
    on: number;
    off: number;
    min_frames: number;
    clear_on?: number | null;
    clear_off?: number | null;
    steps: {
      track: number;
      probability: number;
      smoothed: number;
      verdict: string;
      frames: number;
    }[];
  }[];
}

const { levels, cases } = golden<Golden>("smoothing.json");

for (const each of cases) {
  test(`golden vectors: ${each.name}`, () => {
    const { on, off, clear_on: clearOn, clear_off: clearOff } = each;
    const levels = { on, off, clearOn, clearOff };
    const smoother = new ScoreSmoother(levels, each.alpha, each.min_frames);
    for (const step of each.steps) {
      const score = smoother.update(step.track, step.probability);
      assert.ok(Math.abs(score.probability - step.smoothed) <= 1e-12, JSON.stringify(step));
      assert.deepEqual([score.verdict, score.frames], [step.verdict, step.frames]);
    }
  });
}

test("levels about thresholds", () => {
  for (const each of levels) {
    const clearThreshold = each.clear_threshold ?? null;
    const smoother = ScoreSmoother.forThresholds({ threshold: each.threshold, clearThreshold });
    const found = [smoother.on, smoother.off, smoother.clearOn, smoother.clearOff];
    const wanted = [each.on, each.off, each.clear_on ?? null, each.clear_off ?? null];
    found.forEach((value, index) => {
      if (wanted[index] === null) assert.equal(value, null);
      else assert.ok(Math.abs(value! - wanted[index]) <= 1e-15);
    });
  }
});

test("between two thresholds it is uncertain, and words are kept near their levels", () => {
  const smoother = ScoreSmoother.forThresholds({ threshold: 0.7, clearThreshold: 0.3 });
  const say = (probability: number) => {
    let verdict = "";
    for (let frame = 0; frame < 80; frame++) verdict = smoother.update(0, probability).verdict;
    return verdict;
  };
  assert.equal(smoother.update(1, 0.9).verdict, "unsure");
  const words = [0.5, 0.76, 0.67, 0.5, 0.24, 0.33, 0.36].map(say);
  assert.deepEqual(words, [
    ...["uncertain", "fake", "fake", "uncertain"],
    ...["no trace found", "no trace found", "uncertain"],
  ]);
});

test("only the tracks seen last are kept", () => {
  const smoother = new ScoreSmoother({ on: 0.55, off: 0.45 });
  for (let track = 0; track < 65; track++) smoother.update(track, 0.5);
  assert.equal(smoother.update(1, 0.5).frames, 2);
  assert.equal(smoother.update(0, 0.5).frames, 1);
});

test("settings that do not fit are refused", () => {
  const levels = { on: 0.55, off: 0.45 };
  assert.throws(() => new ScoreSmoother(levels, 0), /`alpha`/);
  assert.throws(() => new ScoreSmoother({ on: 0.4, off: 0.5 }), /`off` the smaller/);
  assert.throws(() => new ScoreSmoother(levels, 0.1, 0), /`minFrames`/);
  assert.throws(() => new ScoreSmoother({ ...levels, clearOn: 0.3 }), /both null/);
  const above = { ...levels, clearOn: 0.3, clearOff: 0.6 };
  assert.throws(() => new ScoreSmoother(above), /Received: clearOn=0.3, clearOff=0.6/);
});
