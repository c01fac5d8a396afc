/** The credit window of a stream: how many bytes one end may still send before the other allowed more. */
import { initialCreditBytes } from "../../protocol/session.ts";

/** Bytes that an end lets through before it says so to the other: a quarter of the window, so that it never runs dry. */
const grantStepBytes = initialCreditBytes / 4;

/** Plain data, so that a Durable Object can keep it in a socket's attachment while it hibernates. */
export interface Window {
  /** Bytes that may still go out; below zero when a message was larger than what was left. */
  left: number;
  /** Bytes that came in and were passed on, but were not yet granted again. */
  ungranted: number;
}

export const openWindow: Window = { left: initialCreditBytes, ungranted: 0 };

/** A message may go while anything is left, however long it is: messages are never cut. */
export function maySend(window: Window): boolean {
  return window.left > 0;
}

export function sent(window: Window, bytes: number): Window {
  return { ...window, left: window.left - bytes };
}

export function granted(window: Window, bytes: number): Window {
  return { ...window, left: window.left + bytes };
}

/** Bytes were passed on: how many to grant to whoever sent them, 0 for not yet. */
export function passed(window: Window, bytes: number): { window: Window; grant: number } {
  const ungranted = window.ungranted + bytes;
  if (ungranted < grantStepBytes) return { window: { ...window, ungranted }, grant: 0 };
  return { window: { ...window, ungranted: 0 }, grant: ungranted };
}
