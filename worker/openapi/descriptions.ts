/**
 * What the types and fields are for, in words. Made when the Worker is built (./generate-descriptions.ts) and packed;
 * nothing of it is touched before somebody asks for an OpenAPI document.
 */
import { packed } from "#openapi-descriptions";

/** By type: its own text, and those of its fields. */
export type Descriptions = Record<string, [own: string, fields: Record<string, string>]>;

/** Changes with the texts. */
export const descriptionsSource: string = packed;

export async function readDescriptions(): Promise<Descriptions> {
  if (packed === "") return {};
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  const text = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text();
  // Packed from exactly this shape.
  return JSON.parse(text) as Descriptions;
}
