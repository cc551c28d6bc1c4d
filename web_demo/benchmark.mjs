// Opens the page in Chromium and says, as JSON, how fast it is: `benchmarks/web.py` calls it.
//
// node benchmark.mjs ADDRESS CAMERA.y4m PHOTO FRAMES
import { readFileSync } from "node:fs";
import { startChromium } from "./chromium.mjs";

const [address, camera, photo, count] = process.argv.slice(2);
const frames = Number(count);
const browser = await startChromium(
  "--use-fake-device-for-media-stream",
  `--use-file-for-fake-video-capture=${camera}`,
);

async function open() {
  const context = await browser.newContext({ permissions: ["camera"] });
  const page = await context.newPage();
  await page.addInitScript((content) => {
    window.live = [];
    document.addEventListener("keras-madd-scored", ({ detail }) => {
      if (detail.live) {
        const { timings, framesPerSecond, faces } = detail.live;
        window.live.push({ ...timings, framesPerSecond, faces: faces.length });
      } else window.firstScore ??= performance.now();
    });
    // The photograph is there as soon as the page can take it, as from a quick hand.
    document.addEventListener("DOMContentLoaded", () => {
      const button = document.getElementById("open");
      new MutationObserver(() => {
        if (button.disabled || window.ready) return;
        window.ready = performance.now();
        const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], "photo.jpg", { type: "image/jpeg" }));
        document.dispatchEvent(new DragEvent("drop", { dataTransfer: data }));
      }).observe(button, { attributes: true });
    });
  }, readFileSync(photo).toString("base64"));
  await page.goto(address);
  await page.waitForFunction(() => window.firstScore, null, { timeout: 60_000 });
  return { context, page };
}

const starts = [];
for (let round = 0; round < 5; round++) {
  const { context, page } = await open();
  starts.push(await page.evaluate(() => ({ ready: window.ready, firstScore: window.firstScore })));
  await context.close();
}
const { page } = await open();
await page.selectOption("#backend", "wasm");
await page.click("#camera");
await page.waitForFunction((wanted) => window.live.length >= wanted, frames, { timeout: 500_000 });
const live = await page.evaluate(() => window.live);
const speed = await page.textContent("#speed");
await browser.close();
console.log(JSON.stringify({ starts, live: live.slice(30), speed }));
