/** Scores beside the page, which meanwhile looks for the next picture's faces: `worker.js`. */
import { LiteRTRunner } from "./litert_runner.ts";
import type { Answer, Question } from "./remote_runner.ts";

const runners = new Map<number, LiteRTRunner>();
/** What is being done: one thing after another, in the order of the questions. */
let current = Promise.resolve();

async function answer(question: Question): Promise<unknown> {
  switch (question.kind) {
    case "load":
      return void (await LiteRTRunner.load(question.backend));
    case "create": {
      const { runner, file, description, backend } = question;
      return void runners.set(runner, await LiteRTRunner.create(file, description, backend));
    }
    case "run":
      return runners.get(question.runner)!.run(question.pixels);
    case "close":
      runners.get(question.runner)!.close();
      return void runners.delete(question.runner);
  }
}

self.addEventListener("message", ({ data }: MessageEvent<Question>) => {
  const { id } = data;
  current = current
    .then(() => answer(data))
    .then(
      (value) => self.postMessage({ id, value } satisfies Answer),
      (error: Error) => self.postMessage({ id, error: error.message } satisfies Answer),
    );
});
