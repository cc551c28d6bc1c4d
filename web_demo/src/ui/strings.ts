import type { Thresholds } from "../core/verdict.ts";

/** Every word of the page, in English and Chinese; the same words as on the phone. */
const EN = {
  title: "Is this face real?",
  lead: "Multi-attentional deepfake detection in your browser. No picture leaves this device: the page contacts no other server.",
  bannerDemonstration: "Demonstration model: its scores prove nothing.",
  bannerHint: "A score is a hint, not proof.",
  open: "Choose a photo or video",
  camera: "Use the camera",
  stopCamera: "Stop the camera",
  switchCamera: "Other camera",
  drop: "or drop one here, or paste it",
  loading: "Opening the model…",
  ready: "Ready. Choose a photo or video.",
  reading: "Looking at the picture…",
  readingVideo: "Looking at the video…",
  readingFrame: "Frame {done} of {total}",
  stop: "Stop",
  verdict_fake: "Looks fake",
  verdict_real: "Looks real",
  verdict_uncertain: "Uncertain",
  "verdict_no trace found": "No trace of manipulation found",
  verdict_unsure: "Not sure yet",
  noFace: "No face found",
  noFaceHint: "Try a picture in which the face is larger and seen from the front.",
  noFaceVideo: "No face was found in any of the {total} frames.",
  detail: "Fake probability {percent} · {words}",
  detailVideo: "Mean fake probability {percent} over {frames} frames with a face · {words}",
  words: "called fake from {threshold}",
  wordsThree: "fake from {threshold}, no trace found below {clear}, uncertain between",
  more: "and {count} more faces",
  moreOne: "and 1 more face",
  damaged: "The video is damaged from {time} on; what came before was scored.",
  slow: "The browser took too long to show the video from {time} on; what came before was scored.",
  stoppedEarly: "Stopped early: {done} of {total} frames were looked at.",
  stoppedSearch: "Stopped early: not every part of the picture was searched.",
  label_fake: "fake",
  label_real: "real",
  label_uncertain: "uncertain",
  "label_no trace found": "no trace",
  label_unsure: "unsure",
  faces: "Faces",
  face: "Face {number}",
  attention: "Where the network looks",
  blending: "What looks manipulated",
  heatOff: "Nothing",
  heatSum: "All maps",
  heatOn: "Heat map",
  heatOne: "Map {number}",
  heatLegend: "little to much",
  blendingLegend: "no trace to sure",
  timeline: "Over time",
  timelineHelp: "Each point is a frame. The arrow keys move from frame to frame.",
  frameShown: "Frame at {time}: {percent}",
  frameNoFace: "Frame at {time}: no face",
  heaviest: "Show the frame that weighs most ({time}, {percent})",
  save: "Save the result as a picture",
  saved: "The picture was saved.",
  card: "About this model",
  backend: "Runs on",
  backendAuto: "Whichever is quicker",
  backendWasm: "Processor (WASM)",
  backendGpu: "Graphics processor (WebGPU)",
  on_wasm: "WASM",
  "on_wasm-compat": "WASM (without relaxed SIMD)",
  on_webgpu: "WebGPU",
  speedFace: "{backend} · {milliseconds} ms a picture",
  speedLive: "{backend} · {rate} frames per second · {milliseconds} ms a frame",
  gpuNone: "no WebGPU in this browser",
  gpuSlow: "WebGPU is no quicker: {gpu} ms a face, WASM {wasm} ms",
  gpuDiffers: "WebGPU gives other scores (off by {difference})",
  gpuError: "WebGPU does not run the model: {error}",
  gpuLost: "WebGPU failed at work, and WASM took over: {error}",
  gpuTrying: "trying WebGPU…",
  language: "中文",
  notMedia: "This is neither a photo nor a video that a browser can read: {name}",
  tooLarge:
    "This picture has {width} × {height} pixels; at most {megapixels} megapixels can be scored here. Make it smaller and try again.",
  tooLargeHere:
    "This picture has {width} × {height} pixels, more than this browser can hold. Make it smaller and try again.",
  pictureBroken:
    "This picture cannot be read: the file is damaged, or of a kind this browser does not know.",
  videoBroken:
    "This browser cannot decode the video: the file is damaged, or of a kind it does not know. MP4 with H.264 works in most.",
  videoSlow:
    "The browser takes too long to show this video. Close what else keeps it busy, or try a smaller video.",
  cameraDenied:
    "The browser was not allowed to use the camera. Allow it in the address bar and try again.",
  cameraNone: "There is no camera, or another program uses it.",
  cameraInsecure: "Browsers allow the camera on https and on localhost only.",
  cameraLost: "The camera was disconnected.",
  failed: "The page cannot score: {reason}",
  failedScore: "The picture could not be scored: {reason}",
  nothingPasted: "There is no picture to paste.",
  captionScore: "{verdict}: fake probability {percent}; {words}",
  captionScoreVideo: "{verdict}: mean fake probability {percent} over {frames} frames; {words}",
  captionModel: "Model {sha} ({quantization}, on {backend}), trained on: {data}",
  captionDemonstration: "Demonstration model. Its score proves nothing about this picture.",
  captionLimits:
    "A hint, not proof: the model errs, above all on manipulations, cameras and people unlike its training data.",
  unknownData: "not stated",
  limits:
    "The score says how much a face resembles the fakes of the training data. New kinds of fakes, strong compression, bad light, make-up and filters mislead it, both ways. It is no evidence about a person.",
  overlay: "Faces found in the picture",
};

export type Key = keyof typeof EN;

const ZH: Record<Key, string> = {
  title: "这张脸是真的吗？",
  lead: "在浏览器中运行的多注意力深度伪造检测。图像不会离开本机：本页不联系任何其他服务器。",
  bannerDemonstration: "演示模型：分数不能证明任何事。",
  bannerHint: "分数只是线索，不是证据。",
  open: "选择照片或视频",
  camera: "使用相机",
  stopCamera: "停止相机",
  switchCamera: "切换相机",
  drop: "或拖放到这里，或粘贴",
  loading: "正在打开模型…",
  ready: "就绪。请选择照片或视频。",
  reading: "正在分析画面…",
  readingVideo: "正在分析视频…",
  readingFrame: "第 {done} 帧，共 {total} 帧",
  stop: "停止",
  verdict_fake: "看起来是伪造的",
  verdict_real: "看起来是真的",
  verdict_uncertain: "无法确定",
  "verdict_no trace found": "未发现伪造痕迹",
  verdict_unsure: "尚不确定",
  noFace: "未检测到人脸",
  noFaceHint: "请换一张人脸更大、更正面的图片。",
  noFaceVideo: "{total} 帧中均未检测到人脸。",
  detail: "伪造概率 {percent} · {words}",
  detailVideo: "平均伪造概率 {percent}，依据 {frames} 帧含人脸的画面 · {words}",
  words: "达到 {threshold} 判为伪造",
  wordsThree: "达到 {threshold} 判为伪造，低于 {clear} 为未发现痕迹，其间无法确定",
  more: "另有 {count} 张人脸",
  moreOne: "另有 1 张人脸",
  damaged: "视频自 {time} 起已损坏；之前的部分已评分。",
  slow: "浏览器显示 {time} 之后的视频耗时过长；之前的部分已评分。",
  stoppedEarly: "提前停止：已分析 {done} 帧，共 {total} 帧。",
  stoppedSearch: "提前停止：图片尚未全部搜索。",
  label_fake: "伪造",
  label_real: "真",
  label_uncertain: "无法确定",
  "label_no trace found": "无痕迹",
  label_unsure: "不确定",
  faces: "人脸",
  face: "人脸 {number}",
  attention: "网络关注的位置",
  blending: "疑似被篡改的位置",
  heatOff: "不显示",
  heatSum: "全部叠加",
  heatOn: "热图",
  heatOne: "第 {number} 张",
  heatLegend: "由低到高",
  blendingLegend: "由无痕迹到确信",
  timeline: "随时间变化",
  timelineHelp: "每个点代表一帧。方向键可逐帧移动。",
  frameShown: "{time} 的画面：{percent}",
  frameNoFace: "{time} 的画面：没有人脸",
  heaviest: "显示影响最大的一帧（{time}，{percent}）",
  save: "将结果保存为图片",
  saved: "图片已保存。",
  card: "关于此模型",
  backend: "运行于",
  backendAuto: "自动选择较快者",
  backendWasm: "处理器（WASM）",
  backendGpu: "图形处理器（WebGPU）",
  on_wasm: "WASM",
  "on_wasm-compat": "WASM（无 relaxed SIMD）",
  on_webgpu: "WebGPU",
  speedFace: "{backend} · 每张图 {milliseconds} 毫秒",
  speedLive: "{backend} · 每秒 {rate} 帧 · 每帧 {milliseconds} 毫秒",
  gpuNone: "此浏览器没有 WebGPU",
  gpuSlow: "WebGPU 并不更快：每张脸 {gpu} 毫秒，WASM {wasm} 毫秒",
  gpuDiffers: "WebGPU 的分数不同（相差 {difference}）",
  gpuError: "WebGPU 无法运行该模型：{error}",
  gpuLost: "WebGPU 运行失败，已改用 WASM：{error}",
  gpuTrying: "正在尝试 WebGPU…",
  language: "English",
  notMedia: "这既不是浏览器能读取的照片，也不是视频：{name}",
  tooLarge: "该图片为 {width} × {height} 像素；此处最多评分 {megapixels} 百万像素。请缩小后重试。",
  tooLargeHere: "该图片为 {width} × {height} 像素，超出此浏览器的处理能力。请缩小后重试。",
  pictureBroken: "无法读取该图片：文件已损坏，或此浏览器不支持其格式。",
  videoBroken:
    "此浏览器无法解码该视频：文件已损坏，或格式不受支持。大多数浏览器支持 H.264 编码的 MP4。",
  videoSlow: "浏览器显示该视频耗时过长。请关闭占用浏览器的其他程序，或换一段较小的视频。",
  cameraDenied: "浏览器未获准使用相机。请在地址栏中允许后重试。",
  cameraNone: "没有相机，或相机正被其他程序使用。",
  cameraInsecure: "浏览器只在 https 和 localhost 上允许使用相机。",
  cameraLost: "相机已断开。",
  failed: "本页无法评分：{reason}",
  failedScore: "无法为该图片评分：{reason}",
  nothingPasted: "没有可粘贴的图片。",
  captionScore: "{verdict}：伪造概率 {percent}；{words}",
  captionScoreVideo: "{verdict}：平均伪造概率 {percent}，依据 {frames} 帧；{words}",
  captionModel: "模型 {sha}（{quantization}，运行于 {backend}），训练数据：{data}",
  captionDemonstration: "演示模型。其分数不能证明这张图片的任何事。",
  captionLimits: "仅为线索，并非证据：模型会出错，对与训练数据不同的伪造手法、相机和人群尤其如此。",
  unknownData: "未说明",
  limits:
    "分数表示人脸与训练数据中的伪造样本有多相似。新的伪造手法、强压缩、光线不足、化妆和滤镜都可能使其误判，两个方向都会。它不能作为关于任何人的证据。",
  overlay: "画面中检测到的人脸",
};

export type Language = "en" | "zh";
export const LANGUAGES: Record<Language, Record<Key, string>> = { en: EN, zh: ZH };
export type Values = Record<string, string | number>;

/** Says things in one language. */
export class Speaker {
  constructor(readonly language: Language) {}

  /** Returns a sentence with its values put in. */
  say(key: Key, values: Values = {}): string {
    return LANGUAGES[this.language][key].replace(/\{(\w+)\}/g, (_, name: string) =>
      String(values[name]),
    );
  }
}

/** Returns the language of the browser where it is one of the page's, else English. */
export function preferredLanguage(wanted: readonly string[]): Language {
  for (const each of wanted) {
    if (each.toLowerCase().startsWith("zh")) return "zh";
    if (each.toLowerCase().startsWith("en")) return "en";
  }
  return "en";
}

/**
 * Returns a probability as a percentage that never claims to be certain, nor to reach a threshold,
 * itself in whole per cent, that it lies below.
 */
export function percent(probability: number, { threshold, clearThreshold }: Thresholds): string {
  let whole = Math.round(100 * probability);
  for (const each of [threshold, clearThreshold ?? 0]) {
    if (probability < each) whole = Math.min(whole, Math.round(100 * each) - 1);
  }
  if (probability < 0.01 || whole < 1) return "<1%";
  return probability > 0.99 && whole >= 99 ? ">99%" : `${whole}%`;
}

/** Returns a time as minutes, seconds and tenths, `1:05.5`. */
export function time(seconds: number): string {
  const tenths = Math.round(10 * seconds);
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
  return `${Math.floor(tenths / 600)}:${rest}`;
}
