/** The camera's pictures are shown in the order in which they were taken: with stand-ins. */
import assert from "node:assert/strict";
import test, { after, before } from "node:test";

import { LiveScorer } from "../../src/media/live.ts";
import type { Detector } from "../../src/runtime/detector.ts";

const FACE = { box: { x: 0, y: 0, width: 2, height: 2 }, score: 0.9 };

before(() => {
  const createElement = () => ({ getContext: () => ({ drawImage: () => undefined }) });
  Object.assign(globalThis, { document: { createElement } });
});
after(() => {
  delete (globalThis as { document?: unknown }).document;
});

/** A camera that always has a new picture. */
function camera(): HTMLVideoElement {
  let totalVideoFrames = 0;
  const getVideoPlaybackQuality = () => ({ totalVideoFrames: ++totalVideoFrames });
  return { videoWidth: 4, videoHeight: 4, getVideoPlaybackQuality } as never;
}

/** Sees a face in every second picture and waits for its score; without a face it is done. */
function detector(scored: () => Promise<unknown>): Detector {
  let taken = 0;
  return {
    description: { threshold: 0.5, clearThreshold: null },
    findFaces: () => Promise.resolve(taken++ % 2 ? [] : [FACE]),
    scoreFaces: async (_: unknown, faces: object[]) => {
      if (faces.length) await scored();
      return faces.map((face) => ({ ...face, probability: 0.75, maps: null }));
    },
  } as never;
}

/** Leaves time for what needs no worker. */
const moment = () => new Promise((resolve) => setTimeout(resolve, 20));

test("a picture without a face waits for the one before, whose face is still scored", async () => {
  const shown: number[] = [];
  const pictures: unknown[] = [];
  await new Promise<void>((resolve, reject) => {
    const scorer = new LiveScorer(
      detector(moment),
      camera(),
      ({ index, faces, picture }) => {
        assert.equal(index, shown.length);
        shown.push(faces.length);
        pictures.push(picture);
        if (shown.length === 6) scorer.stop().then(resolve, reject);
      },
      reject,
    );
  });
  assert.deepEqual(shown, [1, 0, 1, 0, 1, 0]);
  // Each of the three canvases in turn.
  assert.equal(new Set(pictures.slice(0, 3)).size, 3);
  assert.deepEqual(pictures.slice(3), pictures.slice(0, 3));
});

test("after the stop nothing is shown, also not what waited for the picture before it", async () => {
  let shown = 0;
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  const scorer = new LiveScorer(
    detector(() => held),
    camera(),
    () => shown++,
    assert.fail,
  );
  await moment();
  const stopped = scorer.stop();
  answer();
  await stopped;
  assert.equal(shown, 0);
});
