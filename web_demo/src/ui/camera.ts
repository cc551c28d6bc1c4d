/** The user's camera. */
import type { Key } from "./strings.ts";

/** Why there is no picture from a camera; `key` names the sentence. */
export class CameraError extends Error {
  constructor(readonly key: Key) {
    super(key);
  }
}

/** A camera that plays in a `<video>`. */
export class Camera {
  private constructor(
    private readonly stream: MediaStream,
    private readonly video: HTMLVideoElement,
    /** Whether it faces its user, who expects a mirror. */
    readonly mirrored: boolean,
    /** Whether there is another one. */
    readonly others: boolean,
  ) {}

  /**
   * Asks for the camera and plays it.
   *
   * @param facing the user, or away from them.
   * @param onLost is called where it is disconnected.
   * @throws CameraError where there is none or it is not allowed.
   */
  static async open(
    video: HTMLVideoElement,
    facing: "user" | "environment",
    onLost: () => void,
  ): Promise<Camera> {
    if (!navigator.mediaDevices?.getUserMedia) throw new CameraError("cameraInsecure");
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: facing },
      });
    } catch (error) {
      const denied = (error as DOMException).name === "NotAllowedError";
      throw new CameraError(denied ? "cameraDenied" : "cameraNone");
    }
    const [track] = stream.getVideoTracks();
    track.addEventListener("ended", onLost);
    video.srcObject = stream;
    await video.play();
    const devices = await navigator.mediaDevices.enumerateDevices();
    const others = devices.filter((device) => device.kind === "videoinput").length > 1;
    return new Camera(stream, video, track.getSettings().facingMode !== "environment", others);
  }

  /** Turns it off. */
  close(): void {
    for (const track of this.stream.getTracks()) track.stop();
    this.video.srcObject = null;
  }
}
