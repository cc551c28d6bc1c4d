import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { LANGUAGES, Speaker, percent, preferredLanguage, time } from "../../src/ui/strings.ts";

const placeholders = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();

test("both languages say the same things with the same values", () => {
  for (const [key, text] of Object.entries(LANGUAGES.en)) {
    const other = LANGUAGES.zh[key as keyof typeof LANGUAGES.en];
    assert.deepEqual(placeholders(other), placeholders(text), key);
  }
});

test("every text that the page asks for exists", () => {
  const page = readFileSync("index.html", "utf8");
  const keys = [...page.matchAll(/data-text="(\w+)"/g)].map((match) => match[1]);
  assert.ok(keys.length > 10);
  for (const key of keys) assert.ok(key in LANGUAGES.en, key);
});

test("values are put in", () => {
  assert.equal(new Speaker("en").say("more", { count: 3 }), "and 3 more faces");
  assert.equal(new Speaker("zh").say("more", { count: 3 }), "另有 3 张人脸");
});

test("the language is the first one that the page knows", () => {
  assert.equal(preferredLanguage(["de-DE", "zh-TW", "en"]), "zh");
  assert.equal(preferredLanguage(["en-GB", "zh"]), "en");
  assert.equal(preferredLanguage(["de"]), "en");
});

test("a percentage never claims to be certain", () => {
  const half = { threshold: 0.5, clearThreshold: null };
  const said = [0, 0.004, 0.5, 0.987, 0.995, 1].map((each) => percent(each, half));
  assert.deepEqual(said, ["<1%", "<1%", "50%", "99%", ">99%", ">99%"]);
});

test("what lies below a threshold is not said to reach it", () => {
  // Said as 92% and 41%.
  const thresholds = { threshold: 0.921, clearThreshold: 0.409 };
  const said = [0.405, 0.4089, 0.409, 0.914, 0.918, 0.9209, 0.921].map((each) =>
    percent(each, thresholds),
  );
  assert.deepEqual(said, ["40%", "40%", "41%", "91%", "91%", "91%", "92%"]);
  const narrow = { threshold: 0.994, clearThreshold: 0.013 };
  assert.deepEqual(
    [0.012, 0.992, 0.994].map((each) => percent(each, narrow)),
    ["<1%", "98%", ">99%"],
  );
});

test("times", () => {
  assert.deepEqual([0, 5.25, 59.96, 65.5].map(time), ["0:00.0", "0:05.3", "1:00.0", "1:05.5"]);
});
