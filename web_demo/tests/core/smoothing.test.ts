import assert from "node:assert/strict";
import test from "node:test";

import { ScoreSmoother } from "../../src/core/smoothing.ts";
import { golden } from "./golden.ts";

interface Golden {
  levels: { threshold: number; on: number; off: number }[];
  cases: {
    name: string;
    alpha: number;
    on: number;
    off: number;
    min_frames: number;
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
    const smoother = new ScoreSmoother(each.alpha, each.on, each.off, each.min_frames);
    for (const step of each.steps) {
      const score = smoother.update(step.track, step.probability);
      assert.ok(Math.abs(score.probability - step.smoothed) <= 1e-12, JSON.stringify(step));
      assert.deepEqual([score.verdict, score.frames], [step.verdict, step.frames]);
    }
  });
}

test("levels about a threshold", () => {
  for (const { threshold, on, off } of levels) {
    const smoother = ScoreSmoother.forThreshold(threshold);
    assert.ok(Math.abs(smoother.on - on) <= 1e-15);
    assert.ok(Math.abs(smoother.off - off) <= 1e-15);
  }
});

test("only the tracks seen last are kept", () => {
  const smoother = new ScoreSmoother();
  for (let track = 0; track < 65; track++) smoother.update(track, 0.5);
  assert.equal(smoother.update(1, 0.5).frames, 2);
  assert.equal(smoother.update(0, 0.5).frames, 1);
});

test("settings that do not fit are refused", () => {
  assert.throws(() => new ScoreSmoother(0), /`alpha`/);
  assert.throws(() => new ScoreSmoother(0.1, 0.4, 0.5), /`off` the smaller/);
  assert.throws(() => new ScoreSmoother(0.1, 0.5, 0.4, 0), /`minFrames`/);
});
