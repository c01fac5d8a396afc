/**
 * Rows as JSON arrays of bounded size: `INSERT … SELECT … FROM json_each(?)` takes one bound parameter for any number
 * of rows, and D1 holds 2 MB in one value. A row beyond the bound stands alone.
 */
export const chunkBytes = 1_200_000;

export function jsonChunks(rows: readonly unknown[], limit: number = chunkBytes): string[] {
  const chunks: string[] = [];
  let parts: string[] = [];
  let size = 0;
  for (const row of rows) {
    const text = JSON.stringify(row);
    const bytes = utf8Bytes(text) + 1;
    if (size + bytes > limit && parts.length > 0) {
      chunks.push(`[${parts.join(",")}]`);
      parts = [];
      size = 0;
    }
    parts.push(text);
    size += bytes;
  }
  if (parts.length > 0) chunks.push(`[${parts.join(",")}]`);
  return chunks;
}

/** Length in UTF-8, without encoding. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    // Halves of a surrogate pair count two each: four together.
    if (code > 0x7f) bytes += code > 0x7ff && (code < 0xd800 || code > 0xdfff) ? 2 : 1;
  }
  return bytes;
}
