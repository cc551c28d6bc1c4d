/** The user's camera. */
import type { Key } from "./strings.ts";

/** Why there is no picture from a camera; `key` names the sentence. */
export class CameraError extends Error {
  constructor(readonly key: Key) {
    super(key);
  }
}

/** Which camera is wanted: one that faces some way, or a certain one. */
export type CameraChoice = Pick<MediaTrackConstraints, "facingMode" | "deviceId">;

/** A camera that plays in a `<video>`. */
export class Camera {
  private constructor(
    private readonly stream: MediaStream,
    private readonly video: HTMLVideoElement,
    /** Whether it faces its user, who expects a mirror. */
    readonly mirrored: boolean,
    /** The way to another one; null where there is none. */
    readonly other: CameraChoice | null,
    /** Resolves when it is disconnected. */
    readonly lost: Promise<CameraError>,
  ) {}

  /**
   * Asks for the camera and plays it.
   *
   * @param signal ends the wait, for a user who never answers too; a camera that comes later is
   *   turned off.
   * @returns null where the signal ended it.
   * @throws CameraError where there is none or it is not allowed.
   */
  static async open(
    video: HTMLVideoElement,
    choice: CameraChoice,
    signal: AbortSignal,
  ): Promise<Camera | null> {
    if (!navigator.mediaDevices?.getUserMedia) throw new CameraError("cameraInsecure");
    const asked = navigator.mediaDevices.getUserMedia({
      video: { width: { ideal: 1280 }, height: { ideal: 720 }, ...choice },
    });
    let stream: MediaStream;
    try {
      stream = await unlessAborted(asked, signal);
    } catch (error) {
      if (signal.aborted) {
        asked.then(turnOff, () => undefined);
        return null;
      }
      const denied = (error as DOMException).name === "NotAllowedError";
      throw new CameraError(denied ? "cameraDenied" : "cameraNone");
    }
    try {
      return await unlessAborted(Camera.play(stream, video), signal);
    } catch (error) {
      turnOff(stream);
      video.srcObject = null;
      if (signal.aborted) return null;
      throw error;
    }
  }

  private static async play(stream: MediaStream, video: HTMLVideoElement): Promise<Camera> {
    const [track] = stream.getVideoTracks();
    const lost = lossOf(track);
    video.srcObject = stream;
    const playing = video.play().then(() => navigator.mediaDevices.enumerateDevices());
    const devices = await Promise.race([playing, lost]);
    if (devices instanceof CameraError) throw devices;
    const settings = track.getSettings();
    const mirrored = settings.facingMode !== "environment";
    return new Camera(stream, video, mirrored, otherCamera(settings, devices), lost);
  }

  /** Turns it off. */
  close(): void {
    turnOff(this.stream);
    this.video.srcObject = null;
  }
}

/**
 * Returns the way to another camera than the one that runs, or null where there is none.
 *
 * A phone has cameras that face its user and cameras that face away; those of a computer do not
 * say, and take turns.
 */
export function otherCamera(
  { facingMode, deviceId }: MediaTrackSettings,
  devices: readonly MediaDeviceInfo[],
): CameraChoice | null {
  const cameras = devices.filter((device) => device.kind === "videoinput");
  if (cameras.length < 2) return null;
  if (facingMode) return { facingMode: facingMode === "environment" ? "user" : "environment" };
  const running = cameras.findIndex((camera) => camera.deviceId === deviceId);
  return { deviceId: cameras[(running + 1) % cameras.length].deviceId };
}

/** Resolves when a track ends, also where it has ended already. */
function lossOf(track: MediaStreamTrack): Promise<CameraError> {
  return new Promise((resolve) => {
    const lose = () => resolve(new CameraError("cameraLost"));
    if (track.readyState === "ended") lose();
    track.addEventListener("ended", lose);
  });
}

function turnOff(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** Waits for something, or throws as soon as the signal is given. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
