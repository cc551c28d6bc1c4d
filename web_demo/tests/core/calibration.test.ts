import assert from "node:assert/strict";
import test from "node:test";

import { calibrate, logOdds } from "../../src/core/calibration.ts";
import { verdictOf } from "../../src/core/verdict.ts";
import { golden } from "./golden.ts";

interface Case {
  probability: number;
  temperature: number;
  threshold: number;
  clear_threshold?: number | null;
  calibrated: number;
  verdict: string;
}

test("golden vectors", () => {
  const { cases } = golden<{ cases: Case[] }>("calibration.json");
  assert.ok(cases.length > 20);
  for (const each of cases) {
    const found = calibrate(each.probability, each.temperature);
    assert.ok(Math.abs(found - each.calibrated) <= 1e-12, JSON.stringify(each));
    const { threshold, clear_threshold: clearThreshold = null } = each;
    const verdict = verdictOf(found, { threshold, clearThreshold });
    assert.equal(verdict, each.verdict, JSON.stringify(each));
  }
});

test("what is out of its range is refused", () => {
  assert.throws(() => logOdds(1.01), /`probability` must be from 0 to 1/);
  assert.throws(() => logOdds(NaN), /Received: probability=NaN/);
  assert.throws(() => calibrate(0.5, 0), /`temperature` must be a number above 0/);
});
