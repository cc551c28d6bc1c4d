/** A browser, a server of the page, and what they say of each other. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Browser, type BrowserContextOptions, type Page, chromium } from "playwright-core";

import { REPOSITORY } from "../core/golden.ts";

const VENV = path.join(REPOSITORY, ".venv", "bin", "python");
export const PYTHON = process.env.PYTHON ?? (existsSync(VENV) ? VENV : "python3");
export const MODEL = path.join(REPOSITORY, "tests/golden/demonstration/model.tflite");
/** Nothing but this machine is found by its name. */
const OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1";

export interface ExpectedFace {
  box: number[];
  score: number;
  probability: number;
  verdict: string;
  maps: number[];
}

/** What the page announces, as plain data. */
export interface Scored {
  faces: {
    box: { x: number; y: number; width: number; height: number };
    detectionScore: number;
    probability: number;
    smoothed?: number;
    verdict: string;
    maps: number[];
  }[];
  frames?: (number | null)[];
  probability?: number | null;
  heaviest?: number | null;
}

// Servers and folders go with the process, also where it is told to end.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/** Makes the files to score; they are gone with the process. */
export function makeFixtures(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "keras-madd-fixtures-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  execFileSync(PYTHON, ["tests/browser/fixtures.py", folder]);
  return folder;
}

/** Reads what Python says of the files. */
export function readExpected(folder: string): Record<string, ExpectedFace[]> & {
  video: (number | null)[];
} {
  return JSON.parse(readFileSync(path.join(folder, "expected.json"), "utf8")) as never;
}

/** A server of the page; `close()` ends it. */
export interface Server {
  readonly address: string;
  close(): void;
}

/** Starts a command that prints its address. */
export async function startServer(
  command: string,
  parameters: string[],
  quiet = false,
): Promise<Server> {
  const child: ChildProcess = spawn(command, parameters, {
    stdio: ["ignore", "pipe", quiet ? "ignore" : "inherit"],
  });
  process.on("exit", () => child.kill());
  const address = await new Promise<string>((resolve, reject) => {
    let said = "";
    child.stdout!.on("data", (data: Buffer) => {
      said += data.toString();
      const found = /http:\/\/[\d.]+:\d+\//.exec(said);
      if (found) resolve(found[0].replace("0.0.0.0", "127.0.0.1"));
    });
    child.on("exit", (code) => reject(new Error(`the server ended with status ${code}: ${said}`)));
  });
  // A test that fails before `close()` must not keep the process from ending.
  child.unref();
  (child.stdout as Socket).unref();
  return { address, close: () => void child.kill("SIGINT") };
}

/** Writes the folder and serves it with Python's own server, as any server would. */
export async function startPlainServer(model = MODEL): Promise<Server & { folder: string }> {
  const folder = mkdtempSync(path.join(tmpdir(), "keras-madd-web-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const write = "import sys; from keras_madd.web import write_web_folder as w; w(*sys.argv[1:])";
  execFileSync(PYTHON, ["-c", write, model, folder]);
  const command = ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", folder];
  return { ...(await startServer(PYTHON, command, true)), folder };
}

/** Starts `keras-madd web`; without a model it serves the one that comes with the package. */
export function startWeb(model = MODEL): Promise<Server> {
  const command = ["-u", "-m", "keras_madd.cli.main", "web", "--no-browser"];
  return startServer(PYTHON, model ? [...command, "--model", model] : command);
}

/** Starts Debian's Chromium. */
export function startBrowser(...more: string[]): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", OFFLINE, ...more],
    timeout: 300_000,
  });
}

/** A page, and everything that must not happen to it. */
export interface Opened {
  readonly page: Page;
  /** What its policy refused, errors, requests to elsewhere. */
  readonly complaints: string[];
}

/** Opens the page and waits until it can score. */
export async function openPage(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
  ready = true,
): Promise<Opened> {
  const context = await browser.newContext({ locale: "en-GB", ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const { origin } = new URL(address);
  page.on("request", (request) => {
    const { protocol, origin: asked } = new URL(request.url());
    const local = ["blob:", "data:"].includes(protocol);
    if (!local && asked !== origin) complaints.push(`request to ${request.url()}`);
  });
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("console", (message) => {
    // LiteRT.js and MediaPipe write their notes to the error stream.
    const isNote = /^(INFO|WARNING|VERBOSE): /.test(message.text());
    if (message.type() === "error" && !isNote) complaints.push(`console: ${message.text()}`);
  });
  await context.exposeBinding("refused", (_, what: string) => complaints.push(`policy: ${what}`));
  await page.addInitScript(prepare);
  await page.goto(address);
  if (ready) await page.waitForSelector("#open:not([disabled])", { timeout: 300_000 });
  return { page, complaints };
}

/** Runs in the page before anything of it. */
function prepare(): void {
  const global = window as unknown as {
    refused: (what: string) => void;
    scored: Scored[];
    liveFrames: number;
    lastLive: Scored & { framesPerSecond: number | null; timings: object };
  };
  global.scored = [];
  global.liveFrames = 0;
  document.addEventListener("securitypolicyviolation", (event) => {
    global.refused(`${event.violatedDirective} ${event.blockedURI}`);
  });
  interface Face {
    maps: { values: Float32Array } | null;
    probability: number;
  }
  const plain = (faces: readonly Face[]) =>
    faces.map((face) => ({ ...face, maps: face.maps ? [...face.maps.values] : [] })) as never;
  document.addEventListener("keras-madd-scored", (event) => {
    const { faces, video, live } = (event as CustomEvent).detail as {
      faces?: Face[];
      video?: { frames: { faces: Face[] }[]; probability: number; heaviest: number };
      live?: { faces: Face[]; framesPerSecond: number | null; timings: object };
    };
    if (live) {
      const { framesPerSecond, timings } = live;
      global.liveFrames++;
      global.lastLive = { faces: plain(live.faces), framesPerSecond, timings };
    }
    if (faces) global.scored.push({ faces: plain(faces) });
    if (video) {
      const frames = video.frames.map((frame) => frame.faces[0]?.probability ?? null);
      const { probability, heaviest } = video;
      global.scored.push({ faces: [], frames, probability, heaviest });
    }
  });
}

/** Gives the page a file and returns what it says of it. */
export async function score(page: Page, file: string): Promise<Scored> {
  const before = await page.evaluate(() => (window as unknown as { scored: [] }).scored.length);
  await page.setInputFiles("#file", file);
  await page.waitForFunction(
    (count) => (window as unknown as { scored: [] }).scored.length > count,
    before,
    { timeout: 120_000 },
  );
  return page.evaluate(() => (window as unknown as { scored: Scored[] }).scored.at(-1)!);
}

/** Waits until the page says something. */
export async function waitForWords(page: Page, words: RegExp): Promise<void> {
  await page.waitForFunction(
    (source) =>
      new RegExp(source).test(document.querySelector<HTMLElement>(".result")!.innerText.trim()),
    words.source,
    { timeout: 300_000 },
  );
}

/** Keeps what the page's live regions say from now on, for `readOut`. */
export async function listen(page: Page): Promise<void> {
  await page.evaluate(() => {
    const said: string[] = [];
    (window as unknown as { readOut: string[] }).readOut = said;
    for (const region of document.querySelectorAll<HTMLElement>("[role=status], [aria-live]")) {
      new MutationObserver(() => said.push(region.innerText.trim())).observe(region, {
        ...{ childList: true, characterData: true, subtree: true },
      });
    }
  });
}

/** Returns what a screen reader has read out since `listen`. */
export function readOut(page: Page): Promise<string[]> {
  return page.evaluate(() => (window as unknown as { readOut: string[] }).readOut.filter(Boolean));
}

/** Lets the page's worker do something before anything of its own. */
export async function prepareWorker(page: Page, prepare: () => void): Promise<void> {
  await page.route("**/worker.js", async (route) => {
    const response = await route.fetch();
    const body = `(${prepare.toString()})();\n${await response.text()}`;
    await route.fulfill({ response, body });
  });
}

/** Loads the page anew up to its model, which comes when what this gives is called. */
export async function reloadWithoutModel(page: Page): Promise<() => void> {
  let load = () => {};
  const held = new Promise<void>((resolve) => (load = resolve));
  await page.route("**/model.tflite", async (route) => {
    await held;
    await route.continue();
  });
  await page.reload();
  await waitForWords(page, /^Opening the model/);
  return load;
}
