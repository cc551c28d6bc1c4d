/** Cameras that come late, come never, or go: with stand-ins for the browser's. */
import assert from "node:assert/strict";
import test, { after, beforeEach } from "node:test";

import { Camera, CameraError, otherCamera } from "../../src/ui/camera.ts";

const FACING = { facingMode: "user" };

class Track extends EventTarget {
  readyState = "live";

  stop(): void {
    this.readyState = "ended";
  }

  getSettings(): MediaTrackSettings {
    return { deviceId: "a" };
  }

  /** Unplugs it. */
  lose(): void {
    this.readyState = "ended";
    this.dispatchEvent(new Event("ended"));
  }
}

const device = (deviceId: string, kind = "videoinput") => ({ deviceId, kind }) as MediaDeviceInfo;

let track: Track;
let video: HTMLVideoElement;
let media: { getUserMedia: () => Promise<unknown>; enumerateDevices: () => Promise<unknown> };

const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
beforeEach(() => {
  const ours = (track = new Track());
  const stream = { getTracks: () => [ours], getVideoTracks: () => [ours] };
  media = {
    getUserMedia: () => Promise.resolve(stream),
    enumerateDevices: () => Promise.resolve([device("a"), device("b")]),
  };
  video = { play: () => Promise.resolve(), srcObject: null } as never;
  const navigator = { mediaDevices: media };
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
});
after(() => {
  if (before) Object.defineProperty(globalThis, "navigator", before);
  else delete (globalThis as { navigator?: unknown }).navigator;
});

const open = (signal = new AbortController().signal) => Camera.open(video, FACING, signal);
const never = () => new Promise<never>(() => undefined);
const hasKey = (key: string) => (error: unknown) =>
  error instanceof CameraError && error.key === key;

test("a camera runs until it is closed", async () => {
  const camera = (await open())!;
  assert.deepEqual(camera.other, { deviceId: "b" });
  assert.ok(camera.mirrored && video.srcObject);
  camera.close();
  assert.deepEqual([track.readyState, video.srcObject], ["ended", null]);
});

test("a question that is never answered ends with the signal", async () => {
  media.getUserMedia = never;
  const abort = new AbortController();
  const opening = open(abort.signal);
  abort.abort();
  assert.equal(await opening, null);
});

test("a camera that comes after that is turned off", async () => {
  const { getUserMedia } = media;
  let answer = () => {};
  media.getUserMedia = async () => {
    await new Promise<void>((resolve) => (answer = resolve));
    return getUserMedia();
  };
  const abort = new AbortController();
  const opening = open(abort.signal);
  abort.abort();
  assert.equal(await opening, null);
  assert.equal(track.readyState, "live");
  answer();
  await new Promise(setImmediate);
  assert.equal(track.readyState, "ended");
});

test("one that does not start to play is turned off with the signal", async () => {
  video.play = never;
  const abort = new AbortController();
  const opening = open(abort.signal);
  await new Promise(setImmediate);
  abort.abort();
  assert.equal(await opening, null);
  assert.deepEqual([track.readyState, video.srcObject], ["ended", null]);
});

test("one that cannot play, or whose neighbours cannot be listed, is turned off", async () => {
  video.play = () => Promise.reject(new Error("no"));
  await assert.rejects(open(), /no/);
  assert.deepEqual([track.readyState, video.srcObject], ["ended", null]);
  track.readyState = "live";
  video.play = () => Promise.resolve();
  media.enumerateDevices = () => Promise.reject(new Error("none"));
  await assert.rejects(open(), /none/);
  assert.deepEqual([track.readyState, video.srcObject], ["ended", null]);
});

test("one that is unplugged is noticed: before it plays, while it starts, later", async () => {
  track.readyState = "ended";
  await assert.rejects(open(), hasKey("cameraLost"));

  track.readyState = "live";
  video.play = never;
  const opening = open();
  await new Promise(setImmediate);
  track.lose();
  await assert.rejects(opening, hasKey("cameraLost"));

  track.readyState = "live";
  video.play = () => Promise.resolve();
  const camera = (await open())!;
  track.lose();
  assert.ok(hasKey("cameraLost")(await camera.lost));
});

test("one that is not allowed, and none", async () => {
  media.getUserMedia = () => Promise.reject(new DOMException("denied", "NotAllowedError"));
  await assert.rejects(open(), hasKey("cameraDenied"));
  media.getUserMedia = () => Promise.reject(new DOMException("none", "NotFoundError"));
  await assert.rejects(open(), hasKey("cameraNone"));
});

test("a phone's cameras face one way or the other", () => {
  const devices = ["a", "b", "c", "d"].map((id) => device(id));
  const from = (facingMode: string) => otherCamera({ facingMode, deviceId: "a" }, devices);
  assert.deepEqual(from("user"), { facingMode: "environment" });
  assert.deepEqual(from("environment"), FACING);
});

test("a computer's cameras take turns", () => {
  const devices = [device("a"), device("sound", "audioinput"), device("b"), device("c")];
  const from = (deviceId: string) => otherCamera({ deviceId }, devices);
  assert.deepEqual(["a", "b", "c"].map(from), [
    { deviceId: "b" },
    { deviceId: "c" },
    { deviceId: "a" },
  ]);
  assert.equal(otherCamera({ deviceId: "a" }, devices.slice(0, 2)), null);
});
