/** Files as people have them: one clear sentence each. */
import assert from "node:assert/strict";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import test, { after, before } from "node:test";
import type { Browser, Page } from "playwright-core";

import {
  MODEL,
  type Opened,
  type Server,
  makeFixtures,
  openPage,
  reloadWithoutModel,
  score,
  startBrowser,
  startPlainServer,
  startWeb,
  waitForWords,
} from "./harness.ts";

let fixtures: string;
let server: Server;
let browser: Browser;
let opened: Opened;

before(async () => {
  fixtures = makeFixtures();
  server = await startWeb();
  browser = await startBrowser();
  opened = await openPage(browser, server.address);
});
after(async () => {
  await browser?.close();
  server?.close();
});

const SENTENCES: [file: string, sentence: RegExp][] = [
  ["letter.txt", /^This is neither a photo nor a video.*: letter\.txt/],
  ["not_a_picture.jpg", /^This picture cannot be read: the file is damaged/],
  ["broken.png", /^This picture cannot be read/],
  ["cut.jpg", /^This picture cannot be read/],
  ["huge.png", /^This picture has 12500 × 8000 pixels; at most 64 megapixels/],
  ["broken.mp4", /^This browser cannot decode the video/],
  ["wall.png", /^No face found/],
];
for (const [file, sentence] of SENTENCES) {
  test(`${file}: ${sentence.source}`, async () => {
    const { page, complaints } = opened;
    await page.setInputFiles("#file", path.join(fixtures, file));
    await waitForWords(page, sentence);
    // The page goes on to work.
    await score(page, path.join(fixtures, "small.png"));
    assert.match((await page.textContent("#verdict"))!, /^Looks real/);
    assert.deepEqual(complaints, []);
  });
}

test("what a file holds decides, not its name", async () => {
  const { page } = opened;
  for (const [source, name, words] of [
    ["blurred.png", "photo.unknown", /^Looks fake/],
    ["blurred.png", "photo.mp4", /^Looks fake/],
    ["video.mp4", "video.unknown", /^Looks real/],
    ["short.mp4", "video.jpg", /over 3 frames with a face/],
  ] as const) {
    copyFileSync(path.join(fixtures, source), path.join(fixtures, name));
    await score(page, path.join(fixtures, name));
    await waitForWords(page, words);
  }
});

test("ten faces: each has its line, its map, and the highest is named", async () => {
  const { page } = opened;
  await score(page, path.join(fixtures, "crowd.png"));
  assert.equal(await page.locator("#faces li").count(), 10);
  assert.match((await page.textContent("#note"))!, /and 9 more faces/);
  assert.equal(await page.locator("#faces [aria-pressed=true]").count(), 1);
  await page.locator("#faces button").nth(3).click();
  assert.equal(await page.locator("#faces button").nth(3).getAttribute("aria-pressed"), "true");
});

test("a picture that is dropped, and one that is pasted", async () => {
  const { page, complaints } = opened;
  const content = readFileSync(path.join(fixtures, "blurred.png")).toString("base64");
  for (const type of ["drop", "paste"]) {
    await page.setInputFiles("#file", path.join(fixtures, "wall.png"));
    await waitForWords(page, /^No face found/);
    await page.evaluate(
      ([type, content]) => {
        const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], "blurred.png", { type: "image/png" }));
        const event =
          type === "drop"
            ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
            : new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
        document.body.dispatchEvent(event);
      },
      [type, content],
    );
    await waitForWords(page, /^Looks fake/);
  }
  assert.deepEqual(complaints, []);
});

test("text that is pasted leaves the verdict, with a note beside it", async () => {
  const { page } = opened;
  await score(page, path.join(fixtures, "blurred.png"));
  await page.evaluate(() => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", "no picture");
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
  });
  await waitForWords(page, /There is no picture to paste/);
  assert.equal(await page.textContent("#verdict"), "Looks fake");
  assert.equal(await page.locator("#stage-section").isVisible(), true);
});

test("a WebGL context that is lost costs no faces", async () => {
  const { page } = await openPage(browser, server.address);
  await page.addInitScript(() => {
    const contexts = new Set<WebGLRenderingContext>();
    Object.assign(window, { contexts });
    for (const each of [HTMLCanvasElement, OffscreenCanvas]) {
      const prototype = each.prototype as { getContext: (...values: unknown[]) => unknown };
      const { getContext } = prototype;
      prototype.getContext = function (...values) {
        const context = getContext.apply(this, values);
        if (String(values[0]).startsWith("webgl") && context) contexts.add(context as never);
        return context;
      };
    }
  });
  await page.reload();
  await page.waitForSelector("#open:not([disabled])");
  const { faces } = await score(page, path.join(fixtures, "plain.png"));
  assert.equal(faces.length, 1);
  const lost = await page.evaluate(() => {
    const { contexts } = window as unknown as { contexts: Set<WebGLRenderingContext> };
    const all = [...contexts].filter((context) => !context.isContextLost());
    for (const context of all) context.getExtension("WEBGL_lose_context")!.loseContext();
    return all.length;
  });
  assert.ok(lost > 0);
  assert.deepEqual((await score(page, path.join(fixtures, "plain.png"))).faces, faces);
  await page.context().close();
});

test("the search of a large picture in parts can be stopped, and the page answers", async () => {
  const { page, complaints } = await openPage(browser, server.address);
  await page.evaluate(() => {
    const global = window as unknown as { parts: number };
    global.parts = 0;
    const prototype = CanvasRenderingContext2D.prototype as unknown as {
      drawImage: (...values: unknown[]) => void;
    };
    const { drawImage } = prototype;
    prototype.drawImage = function (this: CanvasRenderingContext2D, ...values) {
      drawImage.apply(this, values);
      const { width, height } = this.canvas;
      if (width !== 800 || height !== 800 || ++global.parts !== 3) return;
      const stop = document.querySelector<HTMLButtonElement>("#stop")!;
      setTimeout(() => stop.checkVisibility() && stop.click());
    };
  });
  await score(page, path.join(fixtures, "group.png"));
  await waitForWords(page, /Stopped early: not every part of the picture was searched\./);
  // Of 24.
  assert.ok((await page.evaluate(() => (window as unknown as { parts: number }).parts)) < 24);
  assert.equal(await page.locator("#stop").isVisible(), false);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

/** Tells whether the page stays where a file is dropped on it. */
function keepsItself(page: Page): Promise<boolean> {
  return page.evaluate(() =>
    ["dragover", "drop"].every(
      (type) =>
        !document.body.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true })),
    ),
  );
}

test("a file that is dropped before the model is there does not replace the page", async () => {
  const { page, complaints } = await openPage(browser, server.address);
  const load = await reloadWithoutModel(page);
  assert.equal(await keepsItself(page), true);
  load();
  await waitForWords(page, /^Ready/);
  assert.equal(await keepsItself(page), true);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("of two files in quick succession the last one counts", async () => {
  const { page } = opened;
  await page.setInputFiles("#file", path.join(fixtures, "video.mp4"));
  await page.setInputFiles("#file", path.join(fixtures, "crowd.png"));
  await page.setInputFiles("#file", path.join(fixtures, "blurred.png"));
  // The first two may or may not have come to a score of their own meanwhile.
  await page.waitForFunction(
    () =>
      document.querySelector("#verdict")!.textContent.startsWith("Looks fake") &&
      document.querySelectorAll("#faces li").length === 1,
  );
  assert.equal(await page.locator("#timeline-section").isVisible(), false);
});

test("a video can be stopped; what was seen so far counts", async () => {
  const { page } = opened;
  await page.setInputFiles("#file", path.join(fixtures, "video.mp4"));
  await page.waitForFunction(() => document.querySelector("progress")!.value >= 3);
  await page.click("#stop");
  await waitForWords(page, /Stopped early: \d+ of 64 frames/);
  assert.match((await page.textContent("#detail"))!, /^Mean fake probability/);
});

test("a video that is stopped before its first frame says no more than that", async () => {
  const { page } = opened;
  await page.evaluate(() => {
    const stop = document.querySelector<HTMLButtonElement>("#stop")!;
    // The first frames are those on which a face model is chosen.
    const video = document.querySelector("video")!;
    video.addEventListener("seeked", () => stop.click(), { once: true });
  });
  await page.setInputFiles("#file", path.join(fixtures, "video.mp4"));
  await waitForWords(page, /^Stopped early: 0 of 64 frames were looked at\.$/);
});

test("a frame that was asked for does not outlive its video", async () => {
  const { page, complaints } = await openPage(browser, server.address);
  const file = path.join(fixtures, "video.mp4");
  await score(page, file);
  await page.evaluate((content) => {
    const global = window as unknown as { early: number; seeks: number[] };
    global.early = 0;
    global.seeks = [];
    const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], "next.mp4", { type: "video/mp4" }));
    const slider = document.querySelector<HTMLInputElement>("#frame")!;
    for (const index of ["3", "61"]) {
      slider.value = index;
      slider.dispatchEvent(new Event("input"));
    }
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
    const seconds = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "currentTime")!;
    Object.defineProperty(document.querySelector("video"), "currentTime", {
      ...seconds,
      set(this: HTMLVideoElement, value: number) {
        global.seeks.push((64 * value) / this.duration - 0.5);
        seconds.set!.call(this, value);
      },
    });
    const progress = document.querySelector("progress")!;
    new MutationObserver((changes) => {
      if (progress.value === 0) changes.forEach((each) => (global.early += each.addedNodes.length));
    }).observe(document.querySelector("#faces")!, { childList: true });
  }, readFileSync(file).toString("base64"));
  await page.waitForFunction(
    () => (window as unknown as { scored: unknown[] }).scored.length === 2,
    null,
    { timeout: 120_000 },
  );
  const { early, seeks } = await page.evaluate(() => {
    const { early, seeks } = window as unknown as { early: number; seeks: number[] };
    return { early, seeks };
  });
  assert.equal(early, 0, "faces of the old video over the new one");
  assert.equal(seeks.filter((each) => Math.abs(each - 61) < 0.1).length, 1);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("a frame that cannot be shown any more does not cost a video its result", async () => {
  const { page, complaints } = await openPage(browser, server.address);
  await page.evaluate(() => {
    const progress = document.querySelector("progress")!;
    const seconds = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "currentTime")!;
    Object.defineProperty(document.querySelector("video"), "currentTime", {
      ...seconds,
      set(this: HTMLVideoElement, value: number) {
        if (progress.value < progress.max) seconds.set!.call(this, value);
        else this.dispatchEvent(new Event("error"));
      },
    });
  });
  const { frames, probability } = await score(page, path.join(fixtures, "video.mp4"));
  assert.equal(frames!.length, 64);
  assert.ok(probability! > 0);
  await waitForWords(page, /^Looks real/);
  assert.equal(await page.inputValue("#frame"), "63");
  assert.match((await page.getAttribute("#frame", "aria-valuetext"))!, /no face/);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("a model that is not the one that was exported is refused", async () => {
  const plain = await startPlainServer();
  const model = path.join(plain.folder, "model", "model.tflite");
  const content = readFileSync(model);
  content[content.length >> 1] ^= 1;
  writeFileSync(model, content);
  const { page } = await openPage(browser, plain.address, {}, false);
  await waitForWords(page, /model\/model\.tflite is not the file that was exported/);
  assert.equal(await page.locator("#open").isDisabled(), true);
  assert.equal(await keepsItself(page), true);
  await page.context().close();
  copyFileSync(MODEL, model);
  // A context of its own: within one second the server's file times do not tell the two apart.
  const { page: again } = await openPage(browser, plain.address, {}, false);
  await waitForWords(again, /^Ready/);
  await again.context().close();
  plain.close();
});

test("a folder without the worker's script: one clear sentence", async () => {
  const plain = await startPlainServer();
  rmSync(path.join(plain.folder, "worker.js"));
  const { page } = await openPage(browser, plain.address, {}, false);
  const said = /^The page cannot score: worker\.js does not run/;
  await waitForWords(page, said);
  assert.equal(await page.locator("#open").isDisabled(), true);
  // The model may also come when it is known already.
  await page.route("**/model.tflite", async (route) => {
    await page.waitForTimeout(1000);
    await route.continue();
  });
  await page.reload();
  await waitForWords(page, said);
  await page.context().close();
  plain.close();
});

test("the policy refuses what would leave the page", async () => {
  const { page, complaints } = await openPage(browser, server.address);
  await page.evaluate(async () => {
    await fetch("http://127.0.0.1:9/").catch(() => undefined);
    const image = new Image();
    image.src = "http://127.0.0.1:9/pixel.png";
    await new Promise((resolve) => (image.onerror = resolve));
  });
  const refused = complaints.filter((each) => each.startsWith("policy: "));
  // Twice each: by the policy in the page and by the server's.
  const directives = new Set(refused.map((each) => each.split(" ")[1]));
  assert.deepEqual([...directives], ["connect-src", "img-src"]);
  await page.context().close();
});
