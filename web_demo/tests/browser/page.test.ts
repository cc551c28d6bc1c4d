/** The page for everyone: languages, keyboard, screen readers, narrow screens, dark and light. */
import axe from "axe-core";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import test, { after, before } from "node:test";
import { PNG } from "pngjs";
import type { Browser, Page } from "playwright-core";

import {
  type Server,
  listen,
  makeFixtures,
  openPage,
  readOut,
  reloadWithoutModel,
  score,
  startBrowser,
  startWeb,
  waitForWords,
} from "./harness.ts";

let fixtures: string;
let server: Server;
let browser: Browser;

before(async () => {
  fixtures = makeFixtures();
  server = await startWeb();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  server?.close();
});

/** Returns what is wrong for people who do not see it, or not well. */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run();
    return violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(" ")}`);
  });
}

async function assertNarrowEnough(page: Page): Promise<void> {
  const [content, screen] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    innerWidth,
  ]);
  assert.ok(content <= screen, `${content} pixels on a screen of ${screen}`);
}

for (const colorScheme of ["light", "dark"] as const) {
  for (const locale of ["en-GB", "zh-CN"]) {
    test(`no barriers and no overflow: 360 pixels, ${colorScheme}, ${locale}`, async () => {
      const viewport = { width: 360, height: 640 };
      const { page, complaints } = await openPage(browser, server.address, {
        ...{ viewport, colorScheme, locale },
      });
      assert.deepEqual(await barriers(page), []);
      await assertNarrowEnough(page);
      for (const file of ["blurred.png", "crowd.png"]) {
        await score(page, path.join(fixtures, file));
        await assertNarrowEnough(page);
      }
      assert.deepEqual(await barriers(page), []);
      await page.setInputFiles("#file", path.join(fixtures, "huge.png"));
      await waitForWords(page, /12500/);
      await assertNarrowEnough(page);
      assert.deepEqual(complaints, []);
      await page.context().close();
    });
  }
}

test("the language changes at once, whatever is shown", async () => {
  const { page } = await openPage(browser, server.address);
  await score(page, path.join(fixtures, "blurred.png"));
  assert.equal(await page.textContent("#verdict"), "Looks fake");
  await page.click("#language");
  assert.equal(await page.textContent("#verdict"), "看起来是伪造的");
  assert.equal(await page.getAttribute("html", "lang"), "zh-Hans");
  const words = await page.evaluate(() =>
    [...document.querySelectorAll("h1, h2, h3, p, button, legend, label")]
      .filter((each) => each.id !== "language" && (each as HTMLElement).offsetParent)
      .map((each) => each.textContent.trim())
      .filter((text) => text && !/[\u4e00-\u9fff]/.test(text)),
  );
  assert.deepEqual(words, []);
  await page.click("#language");
  assert.equal(await page.textContent("#verdict"), "Looks fake");
  await page.context().close();
});

test("a picture from start to end by keyboard alone", async () => {
  const { page } = await openPage(browser, server.address);
  await page.focus("#language");
  await page.keyboard.press("Tab");
  // The question after it returns when the browser waits for the chooser, too.
  const chooser = page.waitForEvent("filechooser");
  assert.equal(await page.evaluate(() => document.activeElement!.id), "open");
  await page.keyboard.press("Enter");
  await (await chooser).setFiles(path.join(fixtures, "crowd.png"));
  await waitForWords(page, /^Looks real/);
  await page.getByRole("radio", { name: "All maps" }).focus();
  await page.keyboard.press("ArrowRight");
  assert.ok(await page.getByRole("radio", { name: "Map 1" }).isChecked());
  await page.getByRole("button", { name: /^Face 2: real/ }).focus();
  await page.keyboard.press("Space");
  assert.equal(await page.getByRole("button", { pressed: true }).count(), 1);
  assert.ok(await page.getByRole("button", { name: /^Face 2:/, pressed: true }).count());
  await page.context().close();
});

test("a video is walked through with the arrow keys", async () => {
  const { page, complaints } = await openPage(browser, server.address);
  await score(page, path.join(fixtures, "video.mp4"));
  assert.deepEqual(await barriers(page), []);
  const slider = page.getByRole("slider", { name: "Over time" });
  const heaviest = Number(await slider.inputValue());
  await slider.press("End");
  await page.waitForFunction(() =>
    /no face/.test(document.querySelector("#frame")!.ariaValueText!),
  );
  assert.equal(await slider.inputValue(), "63");
  assert.equal(await page.locator("#faces li").count(), 0);
  await page.click("#heaviest");
  await page.waitForFunction(() => document.querySelectorAll("#faces li").length === 1);
  assert.equal(Number(await slider.inputValue()), heaviest);
  await page.locator("#timeline").click({ position: { x: 60, y: 40 } });
  await page.waitForFunction(
    (before) => (document.querySelector("#frame") as HTMLInputElement).value !== String(before),
    heaviest,
  );
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("of a photo and of a video the verdict is read out once, and no number", async () => {
  const { page } = await openPage(browser, server.address);
  await listen(page);
  await score(page, path.join(fixtures, "blurred.png"));
  assert.deepEqual(await readOut(page), ["Looking at the picture…", "Looks fake"]);
  await listen(page);
  await score(page, path.join(fixtures, "video.mp4"));
  await waitForWords(page, /^Looks real/);
  assert.deepEqual(await readOut(page), ["Looking at the video…", "Looks real"]);
  await page.context().close();
});

test("while a frame of a video is sought the slider stays where it was moved", async () => {
  const { page } = await openPage(browser, server.address);
  await score(page, path.join(fixtures, "video.mp4"));
  const places = await page.evaluate(async () => {
    const slider = document.querySelector<HTMLInputElement>("#frame")!;
    const places: string[] = [];
    const second = new Promise<void>((resolve) => {
      new MutationObserver(() => {
        if (places.push(slider.value) === 2) resolve();
      }).observe(slider, { attributeFilter: ["aria-valuetext"] });
    });
    for (const index of ["10", "20"]) {
      slider.value = index;
      slider.dispatchEvent(new Event("input"));
    }
    await second;
    return places;
  });
  assert.deepEqual(places, ["20", "20"]);
  await page.context().close();
});

test("the saved picture holds the picture, what was drawn, and a caption", async () => {
  const { page } = await openPage(browser, server.address);
  await score(page, path.join(fixtures, "dark.png"));
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save")]);
  const saved = PNG.sync.read(readFileSync(await download.path()));
  const source = PNG.sync.read(readFileSync(path.join(fixtures, "dark.png")));
  assert.equal(saved.width, 640);
  const height = Math.round((640 / source.width) * source.height);
  assert.ok(saved.height > height + 60, "room for a caption");
  const brightIn = (top: number, bottom: number) =>
    saved.data
      .subarray(4 * saved.width * top, 4 * saved.width * bottom)
      .filter((value, index) => index % 4 === 0 && value > 200).length;
  assert.ok(brightIn(height, saved.height) > 300, "letters");
  // The picture is dark: white is the rim and the label.
  assert.ok(brightIn(0, height) > 100, "box and label");
  await waitForWords(page, /The picture was saved/);
  await page.context().close();
});

test("the card of the model", async () => {
  const { page, complaints } = await openPage(browser, server.address);
  const [card] = await Promise.all([
    page.context().waitForEvent("page"),
    page.getByRole("link", { name: "About this model" }).click(),
  ]);
  await card.waitForLoadState();
  assert.match((await card.textContent("main"))!, /Trained on\s*keras-madd quickstart/);
  assert.deepEqual(await barriers(card), []);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test("without WebGPU the page says so and runs on", async () => {
  const { page } = await openPage(browser, server.address);
  await page.selectOption("#backend", "webgpu");
  await page.waitForFunction(() =>
    /no WebGPU/.test(document.querySelector("#gpu-note")!.textContent),
  );
  assert.match((await page.textContent("#speed"))!, /^WASM/);
  await score(page, path.join(fixtures, "small.png"));
  assert.match((await page.textContent("#speed"))!, /^WASM · \d+ ms a picture/);
  await page.context().close();
});

test("a back end can be chosen when the model is there; one that is restored is tried", async () => {
  const { page } = await openPage(browser, server.address);
  const load = await reloadWithoutModel(page);
  assert.equal(await page.locator("#backend").isDisabled(), true);
  // As browsers do with the forms of a page that was seen before.
  await page.evaluate(
    () => (document.querySelector<HTMLSelectElement>("#backend")!.value = "webgpu"),
  );
  load();
  await page.waitForFunction(() =>
    /no WebGPU/.test(document.querySelector("#gpu-note")!.textContent),
  );
  assert.equal(await page.locator("#backend").isDisabled(), false);
  await page.context().close();
});
