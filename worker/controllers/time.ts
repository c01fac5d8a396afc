/** RFC 3339 with seconds, as Kubernetes' `metav1.Time`. */
export function timestampOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, "Z");
}

/** Milliseconds since the epoch; absent or unreadable is the epoch itself, which is always long ago. */
export function millisecondsOf(timestamp: string | undefined): number {
  const milliseconds = Date.parse(timestamp ?? "");
  return Number.isNaN(milliseconds) ? 0 : milliseconds;
}
