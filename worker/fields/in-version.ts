/**
 * An object as another version of its kind has it, with that version's shape: managers own fields in the words of the
 * version that they wrote. Undefined: there is no such version any more, and who wrote in it owns nothing.
 */
import type { Shape } from "./shape.ts";

export type InVersion = (value: unknown, apiVersion: string) => { shape: Shape; value: unknown } | undefined;
