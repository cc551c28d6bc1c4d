/**
 * JSON of bounded nesting and digits, in which no key stands twice: the twin of
 * `keras_madd/support/schema.py`.
 */
const MOST_CHARACTERS = 1 << 20;
const MOST_NESTING = 32;
const MOST_DIGITS = 25;

const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[{}[\]:]/g;

/**
 * Reads JSON text.
 *
 * @throws SyntaxError where it is none, or beyond the bounds.
 */
export function parseJson(text: string): unknown {
  if (text.length > MOST_CHARACTERS) throw new SyntaxError("it is too large");
  // What reads deeper levels than the bounds may end the page.
  checkBounds(text);
  return JSON.parse(text) as unknown;
}

function checkBounds(text: string): void {
  const groups: Set<string>[] = [];
  let string: string | null = null;
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === ":" && string !== null && groups.length) {
      const keys = groups[groups.length - 1];
      if (keys.has(string)) throw new SyntaxError(`the key ${shown(string)} stands there twice`);
      keys.add(string);
    }
    string = token.startsWith('"') ? token : null;
    if (token === "{" || token === "[") groups.push(new Set());
    else if (token === "}" || token === "]") groups.pop();
    else if (/^[-\d]/.test(token)) checkNumber(token);
    if (groups.length > MOST_NESTING) {
      throw new SyntaxError(`more than ${MOST_NESTING} brackets in one another`);
    }
  }
}

function checkNumber(digits: string): void {
  if (digits.length > MOST_DIGITS) {
    throw new SyntaxError(`a number of ${digits.length} digits`);
  }
  if (!Number.isFinite(Number(digits))) throw new SyntaxError(`the number ${digits} is too large`);
}

/** Returns a value in one line of bounded length, for messages. */
export function shown(value: unknown): string {
  const words = JSON.stringify(value) ?? "nothing";

  const line = words.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, "?");
  return line.length <= 60 ? line : `${line.slice(0, 60)}...`;
}
