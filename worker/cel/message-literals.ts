/**
 * `Object.spec{replicas: 3}` and `JSONPatch{op: "add"}`: the library parses no literals of messages, so they become calls
 * of ./messages.ts before it parses: `kedgeMessage("Object.spec", {"replicas": 3})`. Pure, one pass over the tokens.
 */
export interface Rewritten {
  text: string;
  /** Where what stands at a place of `text` was written. */
  originOf(at: number): number;
}

/** What is no field where one must stand; as the library says what is wrong. */
export class LiteralError extends Error {
  override readonly name = "LiteralError";
  readonly code = "unexpected_token";
  readonly summary: string;
  readonly range: { start: number; end: number };

  constructor(token: Token) {
    super(`Unexpected token: ${token.text}`);
    this.summary = this.message;
    this.range = { start: token.at, end: token.at + token.text.length };
  }
}

interface Token {
  text: string;
  at: number;
}

/** Comments, texts (of three quotes, too; one that does not end takes the rest), words, numbers, any other character by itself. */
const tokenPattern = /\/\/[^\n]*|"""(?:[^\\]|\\[^])*?(?:"""|$)|'''(?:[^\\]|\\[^])*?(?:'''|$)|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|[A-Za-z_]\w*|\d\w*|\S/g;
const isWord = (token: Token | undefined): token is Token => token !== undefined && /^[A-Za-z_]/.test(token.text);
const closing: Record<string, string> = { "{": "}", "(": ")", "[": "]" };

export function rewriteMessageLiterals(expression: string): Rewritten {
  if (!/\b(?:Object|JSONPatch)\b/.test(expression)) return { text: expression, originOf: (at) => at };
  const tokens = [...expression.matchAll(tokenPattern)].map((match): Token => ({ text: match[0], at: match.index })).filter(({ text }) => !text.startsWith("//"));
  const writer = new Writer(expression);
  /** What closes each bracket that is open; of a message two. */
  const open: string[] = [];
  for (let at = 0; at < tokens.length;) {
    const token = tokens[at]!; // at < length
    const brace = braceOfMessage(tokens, at);
    if (brace !== undefined) {
      const name = tokens.slice(at, brace).map(({ text }) => text).join("");
      writer.replace(token.at, tokens[brace]!.at + 1, `kedgeMessage(${JSON.stringify(name)}, {`); // braceOfMessage found it
      open.push("})");
      at = quoteField(tokens, brace + 1, writer);
      continue;
    }
    if (closing[token.text] !== undefined) open.push(closing[token.text] ?? "");
    else if (token.text === open.at(-1)?.[0]) {
      const end = open.pop() ?? "";
      if (end.length > 1) writer.replace(token.at, token.at + 1, end);
    }
    at += 1;
    if (token.text === "," && open.at(-1) === "})") at = quoteField(tokens, at, writer);
  }
  return writer.finish();
}

/** The index of the brace after `Object.spec`; undefined: no literal begins here. */
function braceOfMessage(tokens: Token[], start: number): number | undefined {
  const first = tokens[start]?.text;
  if ((first !== "Object" && first !== "JSONPatch") || tokens[start - 1]?.text === ".") return undefined;
  let at = start + 1;
  while (first === "Object" && tokens[at]?.text === "." && isWord(tokens[at + 1])) at += 2;
  return tokens[at]?.text === "{" ? at : undefined;
}

/** `spec:` becomes `"spec":`, and `?spec:` `"?spec":`. Returns where to go on. */
function quoteField(tokens: Token[], at: number, writer: Writer): number {
  const first = tokens[at];
  if (first === undefined || first.text === "}") return at;
  const isOptional = first.text === "?";
  const name = isOptional ? tokens[at + 1] : first;
  if (!isWord(name)) throw new LiteralError(name ?? first);
  writer.replace(first.at, name.at + name.text.length, JSON.stringify(`${isOptional ? "?" : ""}${name.text}`));
  return at + (isOptional ? 2 : 1);
}

/** Copies the expression but for what is replaced, and remembers what came from where. */
class Writer {
  readonly #expression: string;
  readonly #pieces: { out: number; origin: number; isCopied: boolean }[] = [];
  #text = "";
  #done = 0;

  constructor(expression: string) {
    this.#expression = expression;
  }

  replace(start: number, end: number, by: string): void {
    this.#copyTo(start);
    this.#pieces.push({ out: this.#text.length, origin: start, isCopied: false });
    this.#text += by;
    this.#done = end;
  }

  finish(): Rewritten {
    this.#copyTo(this.#expression.length);
    const pieces = this.#pieces;
    return {
      text: this.#text,
      originOf(at) {
        const piece = pieces.findLast(({ out }) => out <= at);
        return piece === undefined ? at : piece.origin + (piece.isCopied ? at - piece.out : 0);
      },
    };
  }

  #copyTo(end: number): void {
    this.#pieces.push({ out: this.#text.length, origin: this.#done, isCopied: true });
    this.#text += this.#expression.slice(this.#done, end);
    this.#done = end;
  }
}
