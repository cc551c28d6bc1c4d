/** What the page says: the verdict, its detail, progress, errors; in the language of the moment. */
import type { ModelDescription } from "../core/model_description.ts";
import type { ScoredFace } from "../core/scored_face.ts";
import { type Verdict, verdictOf } from "../core/verdict.ts";
import type { ScoredVideo } from "../media/score_video.ts";
import type { Backend } from "../runtime/litert_runner.ts";
import { element } from "./elements.ts";
import { type Key, LANGUAGES, type Speaker, type Values, percent, time } from "./strings.ts";

/** A sentence that can be said again in another language. */
type Sentence = (speaker: Speaker) => string;

interface Said {
  readonly heading: Sentence;
  readonly detail?: Sentence;
  readonly note?: Sentence;
  readonly verdict?: Verdict;
  readonly caption?: Sentence;
}

const PROGRESS_STEP_MS = 400;

/** Says what happens. */
export class Report {
  private said: Said = { heading: () => "" };
  private extra: Sentence | null = null;
  private description: ModelDescription | null = null;
  private backend: () => Backend = () => "wasm";
  private cameraOn = false;
  private shown = 0;

  constructor(private speaker: Speaker) {}

  /** Says what the model is good for. */
  introduce(description: ModelDescription, backend: () => Backend): void {
    this.description = description;
    this.backend = backend;
    if (description.marksBlending) {
      element("heat-title").dataset.text = "blending";
      element("heat-legend").dataset.text = "blendingLegend";
    }
    this.translate(this.speaker);
  }

  /** Says a sentence and forgets the last verdict. */
  say(key: Key, values: Values = {}): void {
    this.show({ heading: (speaker) => speaker.say(key, values) });
  }

  /** Says how many frames of a video were looked at, no more often than eyes can follow. */
  progress(done: number, total: number): void {
    if (done && performance.now() - this.shown < PROGRESS_STEP_MS) return;
    this.shown = performance.now();
    this.show({
      heading: (speaker) => speaker.say("readingVideo"),
      detail: (speaker) => speaker.say("readingFrame", { done, total }),
    });
  }

  /** Adds a sentence to what is said; the verdict stays. */
  note(key: Key, values: Values = {}): void {
    this.extra = (speaker) => speaker.say(key, values);
    this.draw();
  }

  /**
   * Says what the model thinks of a picture: of its highest face.
   *
   * @param stopped whether the user ended the search, so that there may be more faces.
   */
  showFaces(faces: readonly ScoredFace[], stopped = false): void {
    if (!faces.length && stopped) {
      this.say("stoppedSearch");
      return;
    }
    if (!faces.length) {
      this.show({
        heading: (speaker) => speaker.say("noFace"),
        detail: (speaker) => speaker.say("noFaceHint"),
        caption: (speaker) => speaker.say("noFace"),
      });
      return;
    }
    const score = (face: ScoredFace) => face.smoothed ?? face.probability;
    const face = faces.reduce((a, b) => (score(b) > score(a) ? b : a));
    const values = { percent: percent(score(face), this.description!) };
    const others = faces.length - 1;
    this.show({
      verdict: face.verdict,
      heading: (speaker) => speaker.say(`verdict_${face.verdict}`),
      detail: (speaker) => speaker.say("detail", { ...values, words: this.words(speaker) }),
      note: (speaker) => {
        const more = speaker.say(others === 1 ? "moreOne" : "more", { count: others });
        return sentences(others ? more : "", stopped ? speaker.say("stoppedSearch") : "");
      },
      caption: (speaker) => {
        const verdict = speaker.say(`verdict_${face.verdict}`);
        return speaker.say("captionScore", { ...values, verdict, words: this.words(speaker) });
      },
    });
  }

  /** Says what the model thinks of a video. */
  showVideo(video: ScoredVideo, wanted: number): void {
    const done = video.frames.length;
    if (!done) {
      this.say("stoppedEarly", { done, total: wanted });
      return;
    }
    const note = (speaker: Speaker) => {
      if (video.damagedFrom !== null) {
        return speaker.say("damaged", { time: time(video.damagedFrom) });
      }
      if (video.slowFrom !== null) return speaker.say("slow", { time: time(video.slowFrom) });
      return video.stopped ? speaker.say("stoppedEarly", { done, total: wanted }) : "";
    };
    const { probability } = video;
    if (probability === null) {
      this.show({
        heading: (speaker) => speaker.say("noFace"),
        detail: (speaker) => speaker.say("noFaceVideo", { total: done }),
        caption: (speaker) => speaker.say("noFaceVideo", { total: done }),
        note,
      });
      return;
    }
    const verdict = verdictOf(probability, this.description!);
    const values = {
      percent: percent(probability, this.description!),
      frames: video.framesWithFace,
    };
    this.show({
      verdict,
      heading: (speaker) => speaker.say(`verdict_${verdict}`),
      detail: (speaker) => speaker.say("detailVideo", { ...values, words: this.words(speaker) }),
      note,
      caption: (speaker) =>
        speaker.say("captionScoreVideo", {
          ...values,
          verdict: speaker.say(`verdict_${verdict}`),
          words: this.words(speaker),
        }),
    });
  }

  /** Names the camera's button after what it would do. */
  camera(on: boolean): void {
    this.cameraOn = on;
    element("camera").dataset.on = on ? "true" : "";
    this.draw();
  }

  /** Returns the lines below a saved picture. */
  caption(): string[] {
    const { speaker, description } = this;
    if (!description) return [];
    const model = speaker.say("captionModel", {
      sha: description.sha256.slice(0, 12),
      quantization: description.quantization,
      backend: speaker.say(`on_${this.backend()}`),
      data: description.trainingData || speaker.say("unknownData"),
    });
    const limits = speaker.say(
      description.demonstration ? "captionDemonstration" : "captionLimits",
    );
    return [this.said.caption?.(speaker) ?? "", model, limits];
  }

  /** Says everything anew in another language. */
  translate(speaker: Speaker): void {
    this.speaker = speaker;
    for (const each of document.querySelectorAll<HTMLElement>("[data-text]")) {
      const key = each.dataset.text!;
      if (!(key in LANGUAGES.en)) throw new Error(`index.html asks for an unknown text ${key}`);
      each.textContent = speaker.say(key as Key);
    }
    element("language").textContent = speaker.say("language");
    element("language").lang = speaker.language === "en" ? "zh-Hans" : "en";
    document.title = speaker.say("title");
    if (this.description) {
      element("banner").textContent = speaker.say(
        this.description.demonstration ? "bannerDemonstration" : "bannerHint",
      );
    }
    this.draw();
  }

  /** Says which words the model has, from where on. */
  private words(speaker: Speaker): string {
    const { threshold, clearThreshold } = this.description!;
    const whole = (share: number) => `${Math.round(100 * share)}%`;
    if (clearThreshold === null) return speaker.say("words", { threshold: whole(threshold) });
    const values = { threshold: whole(threshold), clear: whole(clearThreshold) };
    return speaker.say("wordsThree", values);
  }

  private show(said: Said): void {
    this.said = said;
    this.extra = null;
    this.draw();
  }

  private draw(): void {
    const { said, speaker } = this;
    setText(element("verdict"), said.heading(speaker));
    element("verdict").dataset.verdict = said.verdict ?? "";
    setText(element("detail"), said.detail?.(speaker) ?? "");
    setText(element("note"), said.note?.(speaker) ?? "");
    setText(element("notice"), this.extra?.(speaker) ?? "");
    element("camera").textContent = speaker.say(this.cameraOn ? "stopCamera" : "camera");
  }
}

function sentences(...all: string[]): string {
  return all.filter(Boolean).join(" ");
}

/** A live region is read out at every change, also at one to the same words. */
function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}
