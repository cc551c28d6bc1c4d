/** The page's scores beside Python's, on every back end. */
import assert from "node:assert/strict";
import path from "node:path";
import test, { after, before } from "node:test";
import type { Browser, Page } from "playwright-core";

import {
  type ExpectedFace,
  type Scored,
  type Server,
  makeFixtures,
  openPage,
  prepareWorker,
  readExpected,
  score,
  startBrowser,
  startPlainServer,
  startWeb,
} from "./harness.ts";

const PICTURES = "plain large small blurred noisy mirrored dark cut_off crowd far group".split(" ");

let fixtures: string;
let expected: ReturnType<typeof readExpected>;
let server: Server;
let browser: Browser;

before(async () => {
  fixtures = makeFixtures();
  expected = readExpected(fixtures);
  server = await startWeb();
  browser = await startBrowser("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader");
});
after(async () => {
  await browser?.close();
  server?.close();
});

/** Asserts that the page found what Python finds; returns the largest differences. */
function compare(found: Scored, wanted: ExpectedFace[], tolerance: number): number[] {
  const boxes = found.faces.map(({ box }) => [box.x, box.y, box.width, box.height]);
  assert.deepEqual(
    boxes,
    wanted.map((face) => face.box),
  );
  const largest = [0, 0];
  found.faces.forEach((face, index) => {
    const { probability, maps, verdict } = wanted[index];
    largest[0] = Math.max(largest[0], Math.abs(face.probability - probability));
    assert.equal(face.maps.length, maps.length);
    maps.forEach((value, k) => {
      largest[1] = Math.max(largest[1], Math.abs(face.maps[k] - value));
    });
    assert.equal(face.verdict, verdict);
  });
  assert.ok(largest[0] <= tolerance, `a probability is off by ${largest[0]}`);
  assert.ok(largest[1] <= 10 * tolerance, `a map is off by ${largest[1]}`);
  return largest;
}

async function compareAll(page: Page, names: string[], tolerance: number): Promise<string> {
  const largest = [0, 0];
  for (const name of names) {
    const found = await score(page, path.join(fixtures, `${name}.png`));
    const off = compare(found, expected[name], tolerance);
    off.forEach((value, index) => (largest[index] = Math.max(largest[index], value)));
  }
  return `largest change of a probability ${largest[0]}, of a map ${largest[1]}`;
}

/** Waits until the page runs on a back end, and is done with the choice. */
async function waitForBackend(page: Page, words: RegExp): Promise<void> {
  await page.waitForFunction(
    (source) =>
      new RegExp(source).test(document.getElementById("speed")!.textContent) &&
      !document.getElementById("gpu-note")!.textContent.startsWith("trying"),
    words.source,
    { timeout: 120_000 },
  );
}

test("WASM: eleven pictures, scores equal to Python's within 1e-5", async (t) => {
  const { page, complaints } = await openPage(browser, server.address);
  t.diagnostic(await compareAll(page, PICTURES, 1e-5));
  assert.equal(expected.group.length, 3);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("the detector that comes with the package: its three words", async (t) => {
  const shipped = await startWeb("");
  const { page, complaints } = await openPage(browser, shipped.address);
  t.diagnostic(await compareAll(page, ["no_trace_found", "uncertain", "fake"], 1e-5));
  assert.deepEqual(complaints, []);
  await page.context().close();
  shipped.close();
});

test("turned and transparent pictures are read as Python reads them", async (t) => {
  const { page } = await openPage(browser, server.address);
  t.diagnostic(await compareAll(page, ["turned", "transparent"], 1e-5));
  for (let orientation = 2; orientation <= 8; orientation++) {
    const found = await score(page, path.join(fixtures, `turned_${orientation}.webp`));
    compare(found, expected.turned_webp, 1e-5);
  }
  const jpeg = await score(page, path.join(fixtures, "jpeg.jpg"));
  const off = Math.abs(jpeg.faces[0].probability - expected.jpeg[0].probability);
  t.diagnostic(`a JPEG's probability is off by ${off}`);
  assert.ok(off < 0.01, `off by ${off}`);
  await page.context().close();
});

test("WASM without relaxed SIMD, from any static server", async (t) => {
  const plain = await startPlainServer();
  const { page, complaints } = await openPage(browser, `${plain.address}?backend=wasm-compat`);
  assert.match((await page.textContent("#speed"))!, /without relaxed SIMD/);
  t.diagnostic(await compareAll(page, ["plain", "blurred", "small"], 1e-5));
  assert.deepEqual(complaints, []);
  await page.context().close();
  plain.close();
});

test("WebGPU gives the same scores, and the page says that it runs there", async (t) => {
  const { page, complaints } = await openPage(browser, server.address);
  await page.selectOption("#backend", "webgpu");
  await waitForBackend(page, /^WebGPU/);
  t.diagnostic(await compareAll(page, ["plain", "blurred", "far"], 1e-5));
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("a WebGPU device that is lost: WASM scores, and the page says so", async () => {
  const { page, complaints } = await openPage(browser, server.address);
  await prepareWorker(page, () => {
    const prototype = GPUAdapter.prototype as unknown as {
      requestDevice: (...values: unknown[]) => Promise<GPUDevice>;
    };
    const { requestDevice } = prototype;
    prototype.requestDevice = async function (...values) {
      const device = await requestDevice.apply(this, values);
      Object.assign(globalThis, { device });
      return device;
    };
  });
  await page.reload();
  await page.waitForSelector("#open:not([disabled])");
  await page.selectOption("#backend", "webgpu");
  await waitForBackend(page, /^WebGPU/);
  await compareAll(page, ["small"], 1e-5);
  await page.workers()[0].evaluate(() => {
    (globalThis as unknown as { device: GPUDevice }).device.destroy();
  });
  await compareAll(page, ["crowd", "small"], 1e-5);
  assert.match((await page.textContent("#speed"))!, /^WASM · \d+ ms/);
  assert.match(
    (await page.textContent("#gpu-note"))!,
    /^WebGPU failed at work, and WASM took over/,
  );
  // Its own device is a new one.
  await page.selectOption("#backend", "wasm");
  await page.selectOption("#backend", "webgpu");
  await waitForBackend(page, /^WebGPU/);
  assert.equal(await page.textContent("#gpu-note"), "");
  await compareAll(page, ["small"], 1e-5);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("whichever is quicker is chosen anew after WebGPU was wanted", async () => {
  const { page } = await openPage(browser, server.address);
  await page.selectOption("#backend", "webgpu");
  await waitForBackend(page, /^WebGPU/);
  // This one's graphics processor is a program, and slower.
  await page.selectOption("#backend", "auto");
  await waitForBackend(page, /^WASM/);
  assert.match((await page.textContent("#gpu-note"))!, /^WebGPU is no quicker/);
  await page.context().close();
});

test("a video: frame by frame as Python, and the frame that weighs most", async (t) => {
  const { page, complaints } = await openPage(browser, server.address);
  const found = await score(page, path.join(fixtures, "video.mp4"));
  const wanted = expected.video;
  assert.deepEqual(
    found.frames!.map((each) => each === null),
    wanted.map((each) => each === null),
  );
  const scores = wanted.filter((each) => each !== null);
  const off = found.frames!.flatMap((each, k) => (each === null ? [] : [each - wanted[k]!]));
  const largest = Math.max(...off.map(Math.abs));
  t.diagnostic(`largest change of a frame's probability ${largest}`);
  const mean = scores.reduce((a, b) => a + b) / scores.length;
  t.diagnostic(`mean ${found.probability}, Python ${mean}`);
  assert.ok(Math.abs(found.probability! - mean) < 0.05);
  const lowest = Math.min(...found.frames!.filter((each) => each !== null));
  assert.equal(found.frames![found.heaviest!], lowest);
  assert.match((await page.textContent("#detail"))!, /over 48 frames with a face/);
  assert.deepEqual(complaints, []);
  await page.context().close();
});
