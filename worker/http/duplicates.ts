/** Fields that a JSON text says twice: `JSON.parse` keeps the last one silently, strict decoding may not. */

interface Frame {
  path: string;
  /** Keys of an object; undefined for a list. */
  keys: Set<string> | undefined;
  at: number;
}

/** `duplicate field "spec.replicas"`, in document order. The text is JSON that parses. */
export function duplicateFields(text: string): string[] {
  const found: string[] = [];
  const frames: Frame[] = [];
  let isKeyNext = false;
  let key = "";
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const end = endOfString(text, at);
      const frame = frames.at(-1);
      if (isKeyNext && frame?.keys !== undefined) {
        key = keyOf(text, at, end);
        if (frame.keys.has(key)) found.push(`duplicate field "${join(frame.path, key)}"`);
        frame.keys.add(key);
        isKeyNext = false;
      }
      at = end;
    } else if (code === openBrace || code === openBracket) {
      frames.push({ path: pathOf(frames.at(-1), key), keys: code === openBrace ? new Set() : undefined, at: 0 });
      isKeyNext = code === openBrace;
    } else if (code === closeBrace || code === closeBracket) {
      frames.pop();
      isKeyNext = false;
    } else if (code === comma) {
      const frame = frames.at(-1);
      if (frame !== undefined) frame.at += 1;
      isKeyNext = frame?.keys !== undefined;
    }
  }
  return found;
}

const quote = 34;
const backslash = 92;
const comma = 44;
const openBrace = 123;
const closeBrace = 125;
const openBracket = 91;
const closeBracket = 93;

function endOfString(text: string, from: number): number {
  let end = text.indexOf('"', from + 1);
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(at - 1 - slashes) === backslash) slashes += 1;
  return slashes % 2 === 1;
}

function keyOf(text: string, from: number, end: number): string {
  const raw = text.slice(from + 1, end);
  return raw.includes("\\") ? String(JSON.parse(`"${raw}"`)) : raw;
}

function pathOf(parent: Frame | undefined, key: string): string {
  if (parent === undefined) return "";
  return parent.keys === undefined ? `${parent.path}[${parent.at}]` : join(parent.path, key);
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}
