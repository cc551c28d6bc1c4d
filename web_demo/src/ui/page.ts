/** The page as a whole: what the user chooses, what is scored, what is said of it. */
import { type LiveFrame, LiveScorer } from "../media/live.ts";
import { MediaError, readPicture } from "../media/picture.ts";
import { type ScoredVideo, scoreVideo } from "../media/score_video.ts";
import { VideoFile } from "../media/video_frames.ts";
import { Detector } from "../runtime/detector.ts";
import type { Backend } from "../runtime/litert_runner.ts";
import { announce } from "./announce.ts";
import { BackendPanel } from "./backend_panel.ts";
import { Camera, type CameraChoice, CameraError } from "./camera.ts";
import { element } from "./elements.ts";
import { keepPage, listenForFiles } from "./inputs.ts";
import { Report } from "./report.ts";
import { download } from "./result_picture.ts";
import { Stage } from "./stage.ts";
import { type Language, Speaker, preferredLanguage } from "./strings.ts";
import { VideoPanel } from "./video_panel.ts";

/** Frames of a video that are looked at, spread evenly over it. */
const VIDEO_FRAMES = 64;
/** Words change no more often than a person, or a screen reader, can follow. */
const SPEECH_MS = 700;

export class Page {
  private speaker = new Speaker(preferredLanguage(navigator.languages));
  private readonly report = new Report(this.speaker);
  private detector!: Detector;
  private stage!: Stage;
  private backend!: BackendPanel;
  private panel: VideoPanel | null = null;
  private cameraChoice: CameraChoice = { facingMode: "user" };
  private otherCamera: CameraChoice | null = null;
  /** What is being done now, and the way to end it. */
  private current = Promise.resolve();
  private abort = new AbortController();

  /** Loads the model and waits for the user. */
  async start(): Promise<void> {
    keepPage();
    this.translate(this.speaker.language);
    element("language").addEventListener("click", () => {
      this.translate(this.speaker.language === "en" ? "zh" : "en");
    });
    this.report.say("loading");
    try {
      this.detector = await Detector.open(asked());
    } catch (error) {
      this.report.say("failed", { reason: (error as Error).message });
      return;
    }
    const { description } = this.detector;
    this.report.introduce(description, () => this.detector.backend);
    this.stage = new Stage(this.speaker, description);
    this.backend = new BackendPanel(this.speaker, this.detector, (work) => this.exclusive(work));
    this.listen();
    this.report.say("ready");
    element("open").disabled = element("camera").disabled = false;
    // Not before the page has been of use: the trial takes the processor for a moment.
    setTimeout(() => void this.backend.tryWebGPU(), 3000);
  }

  private listen(): void {
    listenForFiles({
      onFile: (file) => this.openFile(file),
      onNothing: () => this.report.note("nothingPasted"),
    });
    element("camera").addEventListener("click", () => {
      if (element("camera").dataset.on) this.abort.abort();
      else this.openCamera(this.cameraChoice);
    });
    element("switch-camera").addEventListener("click", () => {
      this.openCamera(this.otherCamera ?? this.cameraChoice);
    });
    element("stop").addEventListener("click", () => this.abort.abort());
    element("save").addEventListener("click", () => void this.save());
  }

  private translate(language: Language): void {
    this.speaker = new Speaker(language);
    document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
    this.report.translate(this.speaker);
    this.stage?.translate(this.speaker);
    this.panel?.translate(this.speaker);
    this.backend?.translate(this.speaker);
  }

  /** Ends what is being done, waits for its end, then does the next thing. */
  private begin(work: (signal: AbortSignal) => Promise<void>): void {
    this.abort.abort();
    const abort = (this.abort = new AbortController());
    void this.exclusive(async () => {
      if (abort.signal.aborted) return;
      this.panel?.close();
      this.panel = null;
      this.backend.lock(true);
      element("switch-camera").hidden = true;
      try {
        await work(abort.signal);
      } catch (error) {
        this.stage.clear();
        this.explain(error as Error);
      } finally {
        this.backend.lock(false);
        element("progress").hidden = element("stop").hidden = true;
      }
    });
  }

  private exclusive(work: () => Promise<void>): Promise<void> {
    const done = this.current.then(work);
    // What fails here says so itself, or below; what waits for its turn is not to fail with it.
    this.current = done.catch(() => {});
    return done;
  }

  private explain(error: Error): void {
    if (error instanceof MediaError) this.report.say(error.key, error.values);
    else if (error instanceof CameraError) this.report.say(error.key);
    else this.report.say("failedScore", { reason: error.message });
  }

  private openFile(file: File): void {
    this.begin(async (signal) => {
      // A type is guessed from the name; what the file holds decides.
      const ways = [
        () => this.scorePictureFile(file, signal),
        () => this.scoreVideoFile(file, signal),
      ];
      if (file.type.startsWith("video/")) ways.reverse();
      let first: unknown;
      for (const score of ways) {
        try {
          return await score();
        } catch (error) {
          if (!isUndecodable(error)) throw error;
          first ??= error;
        }
      }
      throw /^(image|video)\//.test(file.type)
        ? first
        : new MediaError("notMedia", { name: file.name });
    });
  }

  private async scorePictureFile(file: File, signal: AbortSignal): Promise<void> {
    this.report.say("reading");
    element("progress").hidden = element("stop").hidden = false;
    element("progress").removeAttribute("value");
    const picture = await readPicture(file);
    this.stage.begin("picture");
    this.stage.showPicture(picture);
    const started = performance.now();
    const found = await this.detector.findFaces(picture, undefined, true, signal);
    const stopped = signal.aborted;
    const faces = await this.detector.scoreFaces(picture, found);
    this.backend.showSpeed(performance.now() - started);
    this.stage.showFaces(faces, picture);
    this.report.showFaces(faces, stopped);
    announce({ faces });
  }

  private async scoreVideoFile(file: File, signal: AbortSignal): Promise<void> {
    const progress = element("progress");
    this.report.progress(0, VIDEO_FRAMES);
    progress.hidden = element("stop").hidden = false;
    progress.max = VIDEO_FRAMES;
    progress.value = 0;
    this.stage.begin("video");
    const video = await VideoFile.open(file, element("video"));
    const panel = (this.panel = new VideoPanel(
      this.speaker,
      this.stage,
      video,
      this.detector.description,
    ));
    const frames: ScoredVideo["frames"][number][] = [];
    const started = performance.now();
    const result = await scoreVideo(
      this.detector,
      video,
      VIDEO_FRAMES,
      signal,
      (frame, picture) => {
        frames.push(frame);
        progress.value = frames.length;
        this.report.progress(frames.length, VIDEO_FRAMES);
        this.stage.showFaces(frame.faces, picture);
        panel.progress(frames);
      },
    );
    this.backend.showSpeed((performance.now() - started) / Math.max(1, frames.length));
    await panel.finish(result);
    this.report.showVideo(result, VIDEO_FRAMES);
    announce({ video: result });
  }

  private openCamera(choice: CameraChoice): void {
    this.begin(async (signal) => {
      let camera: Camera | null;
      try {
        camera = await Camera.open(element("video"), choice, signal);
      } catch (error) {
        // Where one does not start the other one may.
        element("switch-camera").hidden = !this.otherCamera;
        throw error;
      }
      if (!camera) return;
      this.cameraChoice = choice;
      this.stage.begin("live", camera.mirrored);
      this.report.camera(true);
      this.otherCamera = camera.other;
      element("switch-camera").hidden = !camera.other;
      let scorer: LiveScorer | undefined;
      try {
        const error = await new Promise<Error | null>((resolve) => {
          void camera.lost.then(resolve);
          signal.addEventListener("abort", () => resolve(null));
          if (signal.aborted) resolve(null);
          else scorer = this.scoreLive(resolve);
        });
        if (error) throw error;
      } finally {
        await scorer?.stop();
        camera.close();
        this.report.camera(false);
        element("switch-camera").hidden = true;
      }
      this.stage.clear();
      this.report.say("ready");
    });
  }

  private scoreLive(onError: (error: Error) => void): LiveScorer {
    let spoken = 0;
    const onFrame = (frame: LiveFrame) => {
      this.stage.showFaces(frame.faces, frame.picture);
      if (performance.now() - spoken > SPEECH_MS) {
        spoken = performance.now();
        this.sayLive(frame);
      }
      announce({ live: frame });
    };
    return new LiveScorer(this.detector, element("video"), onFrame, onError);
  }

  private sayLive({ faces, timings, framesPerSecond }: LiveFrame): void {
    this.report.showFaces(faces);
    const milliseconds = timings.read + timings.detect + timings.score;
    this.backend.showSpeed(milliseconds, framesPerSecond ?? undefined);
  }

  private async save(): Promise<void> {
    try {
      await download(this.stage.resultPicture(this.report.caption()), "keras-madd-result.png");
      this.report.note("saved");
    } catch (error) {
      this.report.note("failedScore", { reason: (error as Error).message });
    }
  }
}

function isUndecodable(error: unknown): boolean {
  return error instanceof MediaError && ["pictureBroken", "videoBroken"].includes(error.key);
}

/** Returns the WASM build that the address asks for: `?backend=wasm-compat` for the plain one. */
function asked(): Backend {
  const compat = new URLSearchParams(location.search).get("backend") === "wasm-compat";
  return compat ? "wasm-compat" : "wasm";
}
