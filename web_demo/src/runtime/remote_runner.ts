/** A model that runs in a worker: the page's side of `litert_worker.ts`. */
import type { ModelDescription } from "../core/model_description.ts";
import type { Backend, Score } from "./litert_runner.ts";

const WORKER = "worker.js";

type Pixels = Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

/** What the page asks; `runner` is a number of the page's choice. */
export type Question = { readonly id: number } & Work;
type Work =
  | { readonly kind: "load"; readonly backend: Backend }
  | {
      readonly kind: "create";
      readonly runner: number;
      readonly file: Uint8Array;
      readonly description: ModelDescription;
      readonly backend: Backend;
    }
  | { readonly kind: "run"; readonly runner: number; readonly pixels: Pixels }
  | { readonly kind: "close"; readonly runner: number };

/** What the worker answers. */
export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

let worker: Worker | undefined;
let lastId = 0;
const waiting = new Map<number, Waiting>();

/** The twin of `LiteRTRunner`, with the same methods; `close()` frees the model in the worker. */
export class RemoteRunner {
  private constructor(
    readonly backend: Backend,
    private readonly runner: number,
  ) {}

  /** Starts the worker and loads the library there; it takes its time, and needs no model. */
  static async load(backend: Backend): Promise<void> {
    await ask({ kind: "load", backend });
  }

  /** Ends the worker, its models and what is asked of them; the next question starts another. */
  static restart(): void {
    if (worker) end(worker, "the worker was started anew");
  }

  /** Compiles a model; see `LiteRTRunner.create`. */
  static async create(
    file: Uint8Array,
    description: ModelDescription,
    backend: Backend,
  ): Promise<RemoteRunner> {
    const runner = lastId + 1;
    await ask({ kind: "create", runner, file, description, backend });
    return new RemoteRunner(backend, runner);
  }

  /** Scores a face; the pixels are copied at once. See `LiteRTRunner.run`. */
  async run(pixels: Pixels): Promise<Score> {
    return (await ask({ kind: "run", runner: this.runner, pixels })) as Score;
  }

  /** Frees the model. */
  close(): void {
    // A model whose device is lost may not even be freed; it is of no use any more either way.
    ask({ kind: "close", runner: this.runner }).catch(() => undefined);
  }
}

function ask(work: Work): Promise<unknown> {
  worker ??= start();
  const id = ++lastId;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    worker!.postMessage({ id, ...work } satisfies Question);
  });
}

function start(): Worker {
  const started = new Worker(WORKER);
  started.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
    const { resolve, reject } = waiting.get(data.id)!;
    waiting.delete(data.id);
    if (data.error === undefined) resolve(data.value);
    else reject(new Error(data.error));
  });
  // It could not be fetched, or its own code failed: what is asked later must not wait for it.
  started.addEventListener("error", ({ message }) => {
    end(started, `${WORKER} does not run: ${message || "it cannot be fetched"}.`);
  });
  return started;
}

function end(ended: Worker, reason: string): void {
  ended.terminate();
  worker = undefined;
  for (const { reject } of waiting.values()) reject(new Error(reason));
  waiting.clear();
}
