// Debian's Chromium, as `benchmark.mjs` and `picture.mjs` start it.
import { chromium } from "playwright-core";

/** Starts the browser with more flags. */
export function startChromium(...flags) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", ...flags],
  });
}
