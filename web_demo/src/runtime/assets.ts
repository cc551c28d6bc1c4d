/** The files of the folder that the page is served from, checked before they are used. */

/** A file that is missing or is not the one that was written; the message is for the user. */
export class AssetError extends Error {}

interface FileEntry {
  readonly bytes: number;
  readonly sha256: string;
}

/** Returns the SHA-256 of bytes in hexadecimal. */
async function sha256Of(bytes: BufferSource): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Reads files that `files.json` lists, and refuses one whose content is another. */
export class Assets {
  private constructor(private readonly files: Readonly<Record<string, FileEntry>>) {}

  /** Reads the list of files. */
  static async open(): Promise<Assets> {
    if (!globalThis.crypto?.subtle) {
      throw new AssetError(
        "This page checks its files and uses the camera, which browsers allow on https and on " +
          "localhost only.",
      );
    }
    const text = new TextDecoder().decode(await fetchBytes("files.json"));
    return new Assets(JSON.parse(text) as Record<string, FileEntry>);
  }

  /** Returns the SHA-256 of a file in hexadecimal: `read` gives no other. */
  sha256(path: string): string {
    const entry = this.files[path];
    if (!entry) throw new AssetError(`files.json does not list ${path}.`);
    return entry.sha256;
  }

  /** Reads and checks a file. */
  async read(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const wanted = this.sha256(path);
    const bytes = await fetchBytes(path);
    const found = await sha256Of(bytes);
    if (found !== wanted) {
      throw new AssetError(
        `${path} is not the file that was exported: expected SHA-256 ` +
          `${wanted.slice(0, 12)}..., found ${found.slice(0, 12)}.... Export again.`,
      );
    }
    return bytes;
  }
}

async function fetchBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  let response: Response;
  try {
    response = await fetch(path);
  } catch {
    throw new AssetError(`${path} cannot be fetched: the server does not answer.`);
  }
  if (!response.ok) throw new AssetError(`${path} cannot be fetched: status ${response.status}.`);
  return new Uint8Array(await response.arrayBuffer());
}
