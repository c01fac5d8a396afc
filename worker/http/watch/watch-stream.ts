/** The client's end of a watch: an open answer that never buffers more than a bounded number of bytes. */

/** A client that is this far behind is cut off; it comes back and resumes by revision. */
const backlogBytes = 8 * 1024 * 1024;

export interface WatchStream {
  readonly body: ReadableStream<Uint8Array>;
  /** Fires when the client went, was cut off, or the stream was closed. */
  readonly gone: AbortSignal;
  /** Queues text or bytes; false when the client is gone or too slow, and then the stream is over. */
  write(piece: string | Uint8Array): boolean;
  /** Resolves when the client has taken what was queued: for replays of any length. */
  drained(): Promise<void>;
  close(): void;
}

export function openStream(request: Request): WatchStream {
  const gone = new AbortController();
  const encoder = new TextEncoder();
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let wakes: (() => void)[] = [];
  const wakeAll = () => {
    for (const wake of wakes) wake();
    wakes = [];
  };
  const end = (isClean: boolean) => {
    if (gone.signal.aborted) return;
    gone.abort();
    wakeAll();
    if (isClean) controller?.close();
    else controller?.error(new Error("the watch was cut off"));
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start: (own) => {
        controller = own;
      },
      pull: wakeAll,
      cancel: () => {
        gone.abort();
        wakeAll();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: backlogBytes }),
  );
  request.signal.addEventListener("abort", () => end(false));
  return {
    body,
    gone: gone.signal,
    write(piece) {
      if (gone.signal.aborted || controller === undefined) return false;
      controller.enqueue(typeof piece === "string" ? encoder.encode(piece) : piece);
      if ((controller.desiredSize ?? 0) > 0) return true;
      end(false);
      return false;
    },
    async drained() {
      while (!gone.signal.aborted && (controller?.desiredSize ?? 0) < backlogBytes / 2) {
        await new Promise<void>((resolve) => wakes.push(resolve));
      }
    },
    close: () => end(true),
  };
}
