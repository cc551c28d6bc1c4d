/** The camera: Chromium plays a file in its place. */
import assert from "node:assert/strict";
import path from "node:path";
import test, { after, before } from "node:test";
import type { Browser, CDPSession, Page } from "playwright-core";

import {
  type Scored,
  type Server,
  listen,
  makeFixtures,
  openPage,
  prepareWorker,
  readOut,
  score,
  startBrowser,
  startWeb,
  waitForWords,
} from "./harness.ts";

const FRAMES = 2000;

let fixtures: string;
let server: Server;
let browser: Browser;

before(async () => {
  fixtures = makeFixtures();
  server = await startWeb();
  browser = await startBrowser(
    "--use-fake-device-for-media-stream",
    `--use-file-for-fake-video-capture=${path.join(fixtures, "camera.y4m")}`,
  );
});
after(async () => {
  await browser?.close();
  server?.close();
});

type Watched = { liveFrames: number; lastLive: Scored; memories: WebAssembly.Memory[] };

async function waitForFrames(page: Page, count: number): Promise<void> {
  await page.waitForFunction((count) => (window as unknown as Watched).liveFrames >= count, count, {
    timeout: 1_800_000,
    polling: 200,
  });
}

/** Keeps every WebAssembly memory of a page or a worker, to look at its size later. */
function watchMemories(): void {
  const memories: WebAssembly.Memory[] = [];
  (globalThis as unknown as Watched).memories = memories;
  const note = (instance: WebAssembly.Instance) => {
    for (const each of Object.values(instance.exports)) {
      if (each instanceof WebAssembly.Memory) memories.push(each);
    }
  };
  const { instantiate, instantiateStreaming } = WebAssembly;
  WebAssembly.instantiate = (async (...args: Parameters<typeof instantiate>) => {
    const result = (await instantiate(...args)) as unknown;
    note(
      result instanceof WebAssembly.Instance
        ? result
        : (result as { instance: WebAssembly.Instance }).instance,
    );
    return result;
  }) as never;
  WebAssembly.instantiateStreaming = async (...args) => {
    const result = await instantiateStreaming(...args);
    note(result.instance);
    return result;
  };
}

const sizeOfMemories = () =>
  (globalThis as unknown as Watched).memories.reduce(
    (sum, each) => sum + each.buffer.byteLength,
    0,
  );

/** Bytes after garbage is collected: JavaScript's, WebAssembly's of page and worker; elements. */
async function memory(page: Page, session: CDPSession): Promise<number[]> {
  for (let round = 0; round < 3; round++) await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  const { nodes } = await session.send("Memory.getDOMCounters");
  const ofPage = await page.evaluate(sizeOfMemories);
  const ofWorker = await page.workers()[0].evaluate(sizeOfMemories);
  return [usedSize, ofPage, ofWorker, nodes];
}

test("scores what the camera sees; memory is flat over 2,000 frames", async (t) => {
  const { page, complaints } = await openPage(browser, server.address, {
    permissions: ["camera"],
  });
  const context = page.context();
  await page.addInitScript(watchMemories);
  await prepareWorker(page, watchMemories);
  await page.reload();
  await page.waitForSelector("#camera:not([disabled])");
  await page.click("#camera");
  await waitForWords(page, /^Looks (real|fake)/);
  const live = await page.evaluate(() => (window as unknown as Watched).lastLive);
  assert.equal(live.faces.length, 1);
  assert.ok(live.faces[0].smoothed! >= 0 && live.faces[0].smoothed! <= 1);
  assert.match((await page.textContent("#speed"))!, /^WASM · \d+ frames per second · \d+ ms/);

  const session = await context.newCDPSession(page);
  await waitForFrames(page, 300);
  const early = await memory(page, session);
  await waitForFrames(page, FRAMES);
  const late = await memory(page, session);
  t.diagnostic(`heap, WebAssembly (2), nodes after 300 frames: ${early.join(", ")}`);
  t.diagnostic(`heap, WebAssembly (2), nodes after ${FRAMES} frames: ${late.join(", ")}`);
  assert.ok(early[1] > 1e6 && early[2] > 1e6, "the WebAssembly memories were seen");
  // A leaked crop, 128 x 128 floats, of each frame would be 330 MB; leaked maps 2 MB.
  assert.ok(late[0] - early[0] < 1.5e6, `the heap grew by ${late[0] - early[0]} bytes`);
  assert.deepEqual(late.slice(1, 3), early.slice(1, 3), "WebAssembly's memory grew");
  assert.ok(late[3] - early[3] < 50, `${late[3] - early[3]} more nodes`);

  await page.click("#camera");
  await waitForWords(page, /^Ready/);
  assert.equal(await page.locator("#stage-section").isVisible(), false);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("the next picture's faces are found while a picture is scored, and no further", async () => {
  const { page, complaints } = await openPage(browser, server.address, { permissions: ["camera"] });
  await page.addInitScript(() => {
    const global = window as unknown as { unanswered: number[]; indices: number[] };
    global.unanswered = [];
    global.indices = [];
    const running = new Set<number>();
    window.Worker = class extends Worker {
      constructor(address: string | URL) {
        super(address);
        this.addEventListener("message", ({ data }: MessageEvent<{ id: number }>) =>
          running.delete(data.id),
        );
      }
      override postMessage(question: { id: number; kind: string }) {
        if (question.kind === "run") global.unanswered.push(running.add(question.id).size);
        super.postMessage(question);
      }
    };
    document.addEventListener("keras-madd-scored", (event) => {
      const { live } = (event as CustomEvent).detail as { live?: { index: number } };
      if (live) global.indices.push(live.index);
    });
  });
  await prepareWorker(page, () => {
    // A network slower than the search for faces, on any machine.
    addEventListener("message", ({ data }: MessageEvent<{ kind: string }>) => {
      const end = performance.now() + (data.kind === "run" ? 300 : 0);
      while (performance.now() < end);
    });
  });
  await page.reload();
  await page.waitForSelector("#camera:not([disabled])");
  await page.evaluate(() => ((window as unknown as { unanswered: number[] }).unanswered = []));
  await page.click("#camera");
  await waitForFrames(page, 8);
  const [unanswered, indices] = await page.evaluate(() => {
    const { unanswered, indices } = window as unknown as Record<string, number[]>;
    return [unanswered, indices];
  });
  assert.equal(Math.max(...unanswered), 2, `${unanswered.join(", ")}`);
  assert.deepEqual(
    indices,
    indices.map((_, k) => k),
  );
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("a camera that sees nobody: the page goes on to draw and to answer", async () => {
  const { page } = await openPage(browser, server.address, { permissions: ["camera"] });
  await page.evaluate(() => {
    CanvasRenderingContext2D.prototype.drawImage = () => undefined;
  });
  await page.click("#camera");
  await waitForWords(page, /^No face found/);
  await waitForFrames(page, 60);
  await page.evaluate(() => new Promise(requestAnimationFrame));
  await page.click("#camera");
  await waitForWords(page, /^Ready/);
  await page.context().close();
});

test("the choice of maps outlives a change of the language while nobody is seen", async () => {
  const { page, complaints } = await openPage(browser, server.address, { permissions: ["camera"] });
  await page.evaluate(() => {
    const { drawImage } = CanvasRenderingContext2D.prototype as unknown as {
      drawImage: (...values: unknown[]) => void;
    };
    const global = window as unknown as { nobody: boolean };
    CanvasRenderingContext2D.prototype.drawImage = function (...values: unknown[]) {
      if (global.nobody) this.fillRect(0, 0, this.canvas.width, this.canvas.height);
      else drawImage.apply(this, values);
    };
  });
  const see = (nobody: boolean) =>
    page.evaluate((nobody) => Object.assign(window, { nobody }), nobody);
  await page.click("#camera");
  await page.getByRole("radio", { name: "Map 1" }).check();
  await see(true);
  await waitForWords(page, /^No face found/);
  await page.click("#language");
  await waitForWords(page, /^未检测到人脸/);
  await see(false);
  await page.waitForSelector("#heat-choices :checked");
  assert.equal(await page.inputValue("#heat-choices :checked"), "0");
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("of the camera the words are read out when they change, and no number", async () => {
  const { page } = await openPage(browser, server.address, { permissions: ["camera"] });
  await page.evaluate(() => {
    const prototype = CanvasRenderingContext2D.prototype as unknown as {
      drawImage: (...values: unknown[]) => void;
    };
    const { drawImage } = prototype;
    prototype.drawImage = function (this: CanvasRenderingContext2D, ...values) {
      drawImage.apply(this, values);
      if (!(values[0] instanceof HTMLVideoElement)) return;
      // Every picture has a score of its own.
      this.fillStyle = `rgb(0 0 0 / ${Math.random() / 2})`;
      this.fillRect(0, 0, this.canvas.width, this.canvas.height);
    };
    const global = window as unknown as { details: number };
    global.details = 0;
    const count = (changes: unknown[]) => (global.details += changes.length);
    new MutationObserver(count).observe(document.querySelector("#detail")!, { childList: true });
  });
  await listen(page);
  await page.click("#camera");
  await page.waitForFunction(() => (window as unknown as { details: number }).details >= 6);
  const said = await readOut(page);
  assert.ok(said.length);
  assert.deepEqual(
    said.filter((words) => /\d/.test(words)),
    [],
  );
  await page.context().close();
});

test("the result of the camera can be saved", async () => {
  const { page } = await openPage(browser, server.address, { permissions: ["camera"] });
  await page.click("#camera");
  await waitForWords(page, /^Looks (real|fake)/);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save")]);
  assert.equal(download.suggestedFilename(), "keras-madd-result.png");
  await page.context().close();
});

test("a camera that is not allowed: one clear sentence", async () => {
  const { page } = await openPage(browser, server.address);
  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () =>
      Promise.reject(new DOMException("denied", "NotAllowedError"));
  });
  await page.click("#camera");
  await waitForWords(page, /^The browser was not allowed to use the camera/);
  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () =>
      Promise.reject(new DOMException("none", "NotFoundError"));
  });
  await page.click("#camera");
  await waitForWords(page, /^There is no camera/);
  await page.context().close();
});

test("a question about the camera that nobody answers does not hold up a photo", async () => {
  const { page, complaints } = await openPage(browser, server.address);
  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => new Promise(() => undefined);
  });
  await page.click("#camera");
  await score(page, path.join(fixtures, "small.png"));
  await waitForWords(page, /^Looks real/);
  assert.equal(await page.textContent("#camera"), "Use the camera");
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("the other camera: of a computer the next one, of a phone the one that faces away", async () => {
  const { page, complaints } = await openPage(browser, server.address, { permissions: ["camera"] });
  await page.evaluate(() => {
    const global = window as unknown as { asked: unknown[]; facing: string | undefined };
    global.asked = [];
    let deviceId = "";
    const { mediaDevices } = navigator;
    const devices = ["a", "b"].map((deviceId) => ({ deviceId, kind: "videoinput" }));
    mediaDevices.enumerateDevices = () => Promise.resolve(devices as never);
    const ask = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (constraints) => {
      const { deviceId: wanted, facingMode } = constraints!.video as Record<string, string>;
      global.asked.push(wanted ?? facingMode);
      deviceId = wanted ?? "a";
      const stream = await ask({ video: true });
      stream.getVideoTracks()[0].getSettings = () => ({ deviceId, facingMode: global.facing });
      return stream;
    };
  });
  const runAs = async (facing: string | undefined, button: string) => {
    await page.evaluate(
      ([facing, button]) => {
        const global = window as unknown as Watched & { facing: string | undefined };
        global.facing = facing;
        document.querySelector<HTMLButtonElement>(button!)!.click();
        global.liveFrames = 0; // From here on they are of the camera that was asked for.
      },
      [facing, button],
    );
    await waitForFrames(page, 3);
  };
  await runAs(undefined, "#camera");
  await runAs(undefined, "#switch-camera");
  await runAs("user", "#switch-camera");
  assert.equal(await page.locator("video.mirrored").count(), 1);
  await runAs("environment", "#switch-camera");
  assert.equal(await page.locator("video.mirrored").count(), 0);
  await runAs("user", "#switch-camera");
  const asked = await page.evaluate(() => (window as unknown as { asked: unknown[] }).asked);
  assert.deepEqual(asked, ["user", "b", "a", "environment", "user"]);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("another camera that does not start leaves the way back, and to itself", async () => {
  const { page, complaints } = await openPage(browser, server.address, { permissions: ["camera"] });
  await page.evaluate(() => {
    const global = window as unknown as { asked: unknown[]; taken: boolean };
    global.asked = [];
    global.taken = true;
    const { mediaDevices } = navigator;
    const devices = ["a", "b"].map((deviceId) => ({ deviceId, kind: "videoinput" }));
    mediaDevices.enumerateDevices = () => Promise.resolve(devices as never);
    const ask = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (constraints) => {
      const { deviceId, facingMode } = constraints!.video as Record<string, string>;
      global.asked.push(deviceId ?? facingMode);
      if (deviceId === "b" && global.taken) throw new DOMException("taken", "NotReadableError");
      const stream = await ask({ video: true });
      stream.getVideoTracks()[0].getSettings = () => ({ deviceId: deviceId ?? "a" });
      return stream;
    };
  });
  const runBy = async (button: string) => {
    await page.evaluate(() => ((window as unknown as Watched).liveFrames = 0));
    await page.click(button);
    await waitForFrames(page, 3);
  };
  await runBy("#camera");
  await page.click("#switch-camera");
  await waitForWords(page, /^There is no camera, or another program uses it/);
  await runBy("#camera");
  await page.click("#switch-camera");
  await waitForWords(page, /^There is no camera/);
  await page.evaluate(() => ((window as unknown as { taken: boolean }).taken = false));
  await runBy("#switch-camera");
  const asked = await page.evaluate(() => (window as unknown as { asked: unknown[] }).asked);
  assert.deepEqual(asked, ["user", "b", "user", "b", "b"]);
  await score(page, path.join(fixtures, "small.png"));
  assert.equal(await page.locator("#switch-camera").isVisible(), false);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("a camera that is unplugged: one clear sentence", async () => {
  const { page } = await openPage(browser, server.address, { permissions: ["camera"] });
  await page.click("#camera");
  await waitForFrames(page, 5);
  await page.evaluate(() => {
    const stream = document.querySelector("video")!.srcObject as MediaStream;
    stream.getVideoTracks()[0].dispatchEvent(new Event("ended"));
  });
  await waitForWords(page, /^The camera was disconnected/);
  assert.equal(await page.textContent("#camera"), "Use the camera");
  await page.context().close();
});
