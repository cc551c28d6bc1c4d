/** The vectors that Python wrote, which every twin is tested with. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { PNG } from "pngjs";

import type { Box, RgbaFrame } from "../../src/core/box.ts";

/** The tests are run from `web_demo/`. */
export const REPOSITORY = path.resolve("..");
const GOLDEN = path.join(REPOSITORY, "tests", "golden");

/** Reads a JSON file of the golden vectors. */
export function golden<T>(name: string): T {
  return JSON.parse(readFileSync(path.join(GOLDEN, name), "utf8")) as T;
}

/** Reads a picture of the golden vectors. */
export function goldenPicture(name: string): RgbaFrame {
  return PNG.sync.read(readFileSync(path.join(GOLDEN, "crops", `${name}.png`)));
}

/** Returns the red, green and blue values of a picture. */
export function rgbOf({ data }: RgbaFrame): number[] {
  return [...data].filter((_, index) => index % 4 !== 3);
}

/** Returns a box from x, y, width, height. */
export function boxOf([x, y, width, height]: number[]): Box {
  return { x, y, width, height };
}
