/** The picture or video, what is drawn over it, the list of faces, the choice of maps. */
import type { ModelDescription } from "../core/model_description.ts";
import type { ScoredFace } from "../core/scored_face.ts";
import { element } from "./elements.ts";
import { type HeatChoice, drawFaces, paintHeat } from "./overlay.ts";
import { captioned } from "./result_picture.ts";
import { type Speaker, percent } from "./strings.ts";

const THUMBNAIL = 168;

type Kind = "picture" | "video" | "live";

/** Shows what was scored. */
export class Stage {
  private readonly picture = element("picture");
  private readonly video = element("video");
  private readonly overlay = element("overlay");
  private readonly faceList = element("faces");
  private readonly choices = element("heat-choices");
  private kind: Kind = "picture";
  private mirrored = false;
  private faces: readonly ScoredFace[] = [];
  private heat: HeatChoice = "sum";
  private selected = 0;
  /** The pixels that were scored; a copy, for thumbnails and the saved picture. */
  private source: HTMLCanvasElement = this.picture;

  constructor(
    private speaker: Speaker,
    private readonly model: ModelDescription,
  ) {
    element("heat").hidden = this.mapCount === 0;
    new ResizeObserver(() => this.redraw()).observe(this.overlay);
  }

  /** M of the model; 0 hides the choice. */
  private get mapCount(): number {
    return this.model.numAttentionMaps;
  }

  /** Shows an empty stage of a kind. */
  begin(kind: Kind, mirrored = false): void {
    this.kind = kind;
    this.mirrored = mirrored;
    this.faces = [];
    this.selected = 0;
    this.picture.hidden = kind !== "picture";
    this.video.hidden = kind === "picture";
    this.video.classList.toggle("mirrored", mirrored);
    element("timeline-section").hidden = true;
    element("faces-section").hidden = kind === "live";
    element("save").hidden = true;
    element("stage-section").hidden = false;
    this.faceList.replaceChildren();
    this.choices.replaceChildren();
    this.overlay.width = this.overlay.height = 1;
  }

  /** Hides everything. */
  clear(): void {
    element("stage-section").hidden = true;
  }

  /** Shows a photograph before it is scored. */
  showPicture(picture: HTMLCanvasElement): void {
    copyTo(this.picture, picture);
    this.source = this.picture;
  }

  /**
   * Shows the faces of what is on the stage.
   *
   * @param picture the pixels that were scored.
   */
  showFaces(faces: readonly ScoredFace[], picture: HTMLCanvasElement): void {
    this.faces = faces;
    this.source = picture;
    const highest = Math.max(...faces.map((face) => face.probability));
    this.selected = Math.max(
      0,
      faces.findIndex((face) => face.probability === highest),
    );
    element("save").hidden = false;
    this.redraw();
    if (this.kind === "live") {
      if (!this.choices.childElementCount) this.listMaps();
      return;
    }
    this.listFaces();
    this.listMaps();
  }

  /** Says everything anew in another language. */
  translate(speaker: Speaker): void {
    this.speaker = speaker;
    if (element("stage-section").hidden) return;
    this.listFaces();
    this.listMaps();
    this.redraw();
  }

  /** Returns the result as a picture with a caption. */
  resultPicture(caption: readonly string[]): HTMLCanvasElement {
    const { width, height } = this.source;
    const drawn = document.createElement("canvas");
    drawn.width = width;
    drawn.height = height;
    this.draw(drawn, Math.max(1, Math.max(width, height) / 900));
    const layers = [
      { image: this.source, mirrored: this.mirrored },
      { image: drawn, mirrored: false },
    ];
    return captioned(layers, width, height, caption);
  }

  private redraw(): void {
    if (!this.overlay.clientWidth || element("stage-section").hidden) return;
    const { width, height } = this.source;
    if (this.overlay.width !== width) this.overlay.width = width;
    if (this.overlay.height !== height) this.overlay.height = height;
    this.overlay.getContext("2d")!.clearRect(0, 0, width, height);
    this.draw(this.overlay, Math.max(1, width / this.overlay.clientWidth));
    this.overlay.setAttribute("aria-label", this.speaker.say("overlay"));
  }

  private draw(canvas: HTMLCanvasElement, scale: number): void {
    drawFaces(canvas, this.faces, {
      heat: this.heat,
      mirrored: this.mirrored,
      scale,
      label: (face) => this.words(face),
    });
  }

  private words(face: ScoredFace): string {
    const word = this.speaker.say(`label_${face.verdict}`);
    return `${word} ${percent(face.smoothed ?? face.probability, this.model)}`;
  }

  private listFaces(): void {
    const items = this.faces.map((face, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-pressed", String(index === this.selected));
      const title = document.createElement("span");
      title.textContent = `${this.speaker.say("face", { number: index + 1 })}: `;
      const words = document.createElement("strong");
      words.dataset.verdict = face.verdict;
      words.textContent = this.words(face);
      title.append(words);
      button.append(this.thumbnail(face, "off"), title);
      button.addEventListener("click", () => this.select(index));
      const item = document.createElement("li");
      item.append(button);
      return item;
    });
    this.faceList.replaceChildren(...items);
    element("faces-section").hidden = this.kind === "live" || !this.faces.length;
  }

  private select(index: number): void {
    this.selected = index;
    [...this.faceList.querySelectorAll("button")].forEach((button, each) => {
      button.setAttribute("aria-pressed", String(each === index));
    });
    this.listMaps();
  }

  /** One choice for each map, each with its heat over the selected face. */
  private listMaps(): void {
    const face = this.faces[this.selected];
    element("heat").hidden = !face?.maps;
    if (!face?.maps) return this.choices.replaceChildren();
    const maps: HeatChoice[] = ["off", "sum"];
    for (let map = 0; this.mapCount > 1 && map < this.mapCount; map++) maps.push(map);
    const labels = maps.map((choice) => {
      const radio = document.createElement("input");
      radio.type = "radio";
      radio.name = "heat";
      radio.value = String(choice);
      radio.checked = choice === this.heat;
      radio.addEventListener("change", () => {
        this.heat = choice;
        this.redraw();
      });
      const label = document.createElement("label");
      const parts = this.kind === "live" ? [] : [this.thumbnail(face, choice)];
      label.append(radio, ...parts, this.mapName(choice));
      return label;
    });
    this.choices.replaceChildren(...labels);
  }

  private mapName(choice: HeatChoice): string {
    if (choice === "off") return this.speaker.say("heatOff");
    if (choice === "sum") return this.speaker.say(this.mapCount > 1 ? "heatSum" : "heatOn");
    return this.speaker.say("heatOne", { number: choice + 1 });
  }

  /** The square that the model saw, with a map over it. */
  private thumbnail(face: ScoredFace, choice: HeatChoice): HTMLCanvasElement {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = THUMBNAIL;
    const context = canvas.getContext("2d")!;
    const { left, top, side } = face.square;
    const scale = THUMBNAIL / side;
    context.fillRect(0, 0, THUMBNAIL, THUMBNAIL);
    context.imageSmoothingQuality = "high";
    const { width, height } = this.source;
    context.drawImage(this.source, -left * scale, -top * scale, width * scale, height * scale);
    paintHeat(context, face, choice, { x: 0, y: 0, width: THUMBNAIL, height: THUMBNAIL });
    return canvas;
  }
}

/** Copies a picture into a canvas. */
export function copyTo(canvas: HTMLCanvasElement, picture: HTMLCanvasElement): void {
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d", { willReadFrequently: true })!.drawImage(picture, 0, 0);
}
