/** What the page says: the verdict, its detail, progress, errors; in the language of the moment. */
import type { ModelDescription } from "../core/model_description.ts";
import type { ScoredFace } from "../core/scored_face.ts";
import type { Thresholds, Verdict } from "../core/verdict.ts";
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
  private spoken = 0;

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

  /** As `say`, no more often than a screen reader can follow. */
  progress(key: Key, values: Values): void {
    if (performance.now() - this.spoken < PROGRESS_STEP_MS) return;
    this.spoken = performance.now();
    this.say(key, values);
  }

  /** Says what went wrong. */
  fail(key: Key, values: Values = {}): void {
    this.say(key, values);
  }

  /** Adds a sentence to what is said. */
  note(key: Key, values: Values = {}): void {
    this.extra = (speaker) => speaker.say(key, values);
    this.draw();
  }

  /** Says what the model thinks of a picture: of its highest face. */
  showFaces(faces: readonly ScoredFace[]): void {
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
    const values = { percent: percent(score(face)) };
    const others = faces.length - 1;
    this.show({
      verdict: face.verdict,
      heading: (speaker) => speaker.say(`verdict_${face.verdict}`),
      detail: (speaker) => speaker.say("detail", { ...values, words: this.words(speaker) }),
      note: (speaker) =>
        others ? speaker.say(others === 1 ? "moreOne" : "more", { count: others }) : "",
      caption: (speaker) => {
        const verdict = speaker.say(`verdict_${face.verdict}`);
        return speaker.say("captionScore", { ...values, verdict, words: this.words(speaker) });
      },
    });
  }

  /** Says what the model thinks of a video. */
  showVideo(
    video: ScoredVideo,
    verdictOf: (probability: number, thresholds: Thresholds) => Verdict,
    wanted: number,
  ): void {
    const done = video.frames.length;
    if (!done) {
      this.say("stoppedEarly", { done, total: wanted });
      return;
    }
    const note = (speaker: Speaker) => {
      if (video.damagedFrom !== null) {
        return speaker.say("damaged", { time: time(video.damagedFrom) });
      }
      return done < wanted ? speaker.say("stoppedEarly", { done, total: wanted }) : "";
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
    const values = { percent: percent(probability), frames: video.framesWithFace };
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
    const notes = [said.note?.(speaker) ?? "", this.extra?.(speaker) ?? ""];
    setText(element("note"), notes.filter(Boolean).join(" "));
    element("camera").textContent = speaker.say(this.cameraOn ? "stopCamera" : "camera");
  }
}

/** A live region is read out at every change, also at one to the same words. */
function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}
