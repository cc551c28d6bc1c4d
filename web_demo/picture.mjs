// Draws docs/page.jpg: the page with the sample portrait, scored by the detector that it serves.
//
// keras-madd web --no-browser, then: node picture.mjs ADDRESS
import path from "node:path";
import { startChromium } from "./chromium.mjs";

const address = process.argv[2];
const repository = path.join(import.meta.dirname, "..");
const browser = await startChromium();
const page = await browser.newPage({
  viewport: { width: 720, height: 1260 },
  locale: "en-GB",
  colorScheme: "light",
});
await page.goto(address);
await page.waitForSelector("#open:enabled");
await page.setInputFiles("#file", path.join(repository, "keras_madd/demo/assets/portrait.jpg"));
await page.waitForSelector("#faces-section:visible");
await page.waitForTimeout(500); // The heat fades in.
await page.evaluate(() => scrollTo(0, 0));
const picture = path.join(repository, "docs/page.jpg");
await page.screenshot({ path: picture, type: "jpeg", quality: 88 });
await browser.close();
console.log(picture);
