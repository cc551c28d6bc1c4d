/** Pictures that a browser does not hold: with stand-ins for its own. */
import assert from "node:assert/strict";
import test, { after, before } from "node:test";

import { MediaError, readPicture } from "../../src/media/picture.ts";

const STAND_INS = ["Image", "createImageBitmap", "document"] as const;

let alpha = 255;

before(() => {
  class Image {
    readonly naturalWidth = 6000;
    readonly naturalHeight = 5000;
    onload = () => {};

    set src(_: string) {
      setTimeout(() => this.onload());
    }
  }
  const context = {
    fillRect: () => undefined,
    drawImage: () => undefined,
    setTransform: () => undefined,
    resetTransform: () => undefined,
    getImageData: () => ({ data: [alpha, alpha, alpha, alpha] }),
  };
  Object.assign(globalThis, {
    Image,
    createImageBitmap: () => Promise.resolve({ width: 6000, height: 5000, close: () => undefined }),
    document: { createElement: () => ({ getContext: () => context }) },
  });
});
after(() => {
  for (const name of STAND_INS) delete (globalThis as Record<string, unknown>)[name];
});

test("a canvas that stays empty is told, with no number that is not its limit", async () => {
  assert.ok(await readPicture(new Blob()));
  alpha = 0;
  await assert.rejects(readPicture(new Blob()), (error) => {
    assert.ok(error instanceof MediaError);
    assert.equal(error.key, "tooLargeHere");
    assert.deepEqual(error.values, { width: 6000, height: 5000 });
    return true;
  });
});
