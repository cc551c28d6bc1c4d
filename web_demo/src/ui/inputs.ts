/** The ways to give the page a file: a button, a drop, a paste. */
import { element } from "./elements.ts";

/** Keeps the page where a file is dropped on it: a browser would leave it for the file. */
export function keepPage(): void {
  for (const type of ["dragover", "drop"]) {
    document.addEventListener(type, (event) => event.preventDefault());
  }
}

/** Listens for files. */
export function listenForFiles(on: { onFile: (file: File) => void; onNothing: () => void }): void {
  const input = element("file");
  const drop = element("drop");
  element("open").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    const [file] = input.files ?? [];
    if (file) on.onFile(file);
    input.value = ""; // So that the same file can be chosen again.
  });
  // Anywhere on the page, also beside the place that says so.
  document.addEventListener("dragover", () => drop.classList.add("over"));
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    drop.classList.remove("over");
    const file = event.dataTransfer?.files[0];
    if (file) on.onFile(file);
  });
  document.addEventListener("paste", (event) => {
    const file = event.clipboardData?.files[0];
    if (file) on.onFile(file);
    else on.onNothing();
  });
}
