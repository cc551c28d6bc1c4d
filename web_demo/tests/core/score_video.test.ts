/** People in a video keep their numbers as in Python, whose frames lie as far apart. */
import assert from "node:assert/strict";
import test from "node:test";

import type { Box } from "../../src/core/box.ts";
import { scoreVideo } from "../../src/media/score_video.ts";
import type { VideoFile } from "../../src/media/video_frames.ts";
import type { Detector } from "../../src/runtime/detector.ts";

/** Scores a video with such a face in each frame, or none, and frames that begin then. */
async function scored(boxes: readonly (Box | null)[], begins: (number | null)[] = []) {
  const frameAt = (k: number) => {
    video.begins = begins[k] ?? null;
    return Promise.resolve({});
  };
  const video = { times: () => boxes.map((_, k) => k), frameAt, begins: null as number | null };
  let taken = 0;
  const detector = {
    description: { detector: "short", threshold: 0.5 },
    findFaces: () => {
      const box = boxes[taken++];
      return Promise.resolve(box ? [{ box, score: 0.9 }] : []);
    },
    scoreFaces: (_: unknown, faces: object[]) =>
      Promise.resolve(faces.map((face) => ({ ...face, probability: 0.75 }))),
  };
  return scoreVideo(
    detector as unknown as Detector,
    video as unknown as VideoFile,
    boxes.length,
    new AbortController().signal,
    () => undefined,
  );
}

/** Returns the numbers of such faces, one in each frame. */
async function tracksOf(boxes: readonly (Box | null)[]): Promise<(number | undefined)[]> {
  const { frames } = await scored(boxes);
  return frames.map(({ faces }) => faces[0]?.track);
}

const face = (x: number): Box => ({ x, y: 0, width: 100, height: 100 });

test("a face that moved by up to four fifths of its width is the same one", async () => {
  assert.deepEqual(await tracksOf([face(0), face(80), face(160), face(250)]), [0, 0, 0, 1]);
});

test("a face that is back after any number of frames is the same one", async () => {
  const away = Array.from({ length: 40 }, () => null);
  const tracks = await tracksOf([face(0), ...away, face(10)]);
  assert.equal(tracks.at(-1), 0);
});

test("a frame that several times fall into counts once", async () => {
  const boxes = Array.from({ length: 5 }, () => face(0));
  const { frames, framesWithFace, stopped } = await scored(boxes, [0, 0, 40_000, 80_000, 80_000]);
  assert.deepEqual(
    frames.map(({ seconds }) => seconds),
    [0, 2, 3],
  );
  assert.deepEqual([framesWithFace, stopped], [3, false]);
  assert.equal((await scored(boxes)).framesWithFace, 5, "where the browser does not tell");
});
