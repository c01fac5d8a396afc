/** Readable lines of a foreground process: time, who speaks, what. */
export type Report = (line: string) => void;

const width = "control-plane".length;

export function reporter(source: string): Report {
  return (line) => {
    const time = new Date().toTimeString().slice(0, 8);
    process.stdout.write(`${time} ${source.padEnd(width)} ${line}\n`);
  };
}

/** Reports a stream line by line; what has no newline at the end is reported when the stream ends. */
export function reportLines(stream: NodeJS.ReadableStream, report: Report): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") report(line);
  });
  stream.on("end", () => {
    if (rest !== "") report(rest);
  });
}
