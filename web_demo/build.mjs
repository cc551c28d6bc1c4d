// Builds the page into out/: one script, and what it needs beside it.
import { build } from "esbuild";
import { cp, mkdir, readdir, rm } from "node:fs/promises";
import path from "node:path";

const tests = process.argv.includes("--tests");

if (tests) {
  // Node 20 reads no TypeScript.
  const entries = [];
  for (const folder of ["tests/core", "tests/browser"]) {
    for (const name of await readdir(folder)) {
      if (name.endsWith(".test.ts")) entries.push(path.join(folder, name));
    }
  }
  await rm("out/tests", { recursive: true, force: true });
  await build({
    entryPoints: entries,
    outdir: "out/tests",
    outbase: "tests",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    sourcemap: "inline",
  });
} else {
  await rm("out/page", { recursive: true, force: true });
  await mkdir("out/page", { recursive: true });
  await build({
    entryPoints: ["src/app.ts"],
    outfile: "out/page/app.js",
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "eof",
  });
  await build({
    entryPoints: ["src/runtime/litert_worker.ts"],
    outfile: "out/page/worker.js",
    bundle: true,
    // A module's `importScripts` fails, and LiteRT.js loads itself by it.
    format: "iife",
    target: "es2022",
    minify: true,
    legalComments: "eof",
  });
  for (const name of ["index.html", "style.css", "icon.svg"]) await cp(name, `out/page/${name}`);
}
