/**
 * Cron expressions as Kubernetes takes them: five fields, or a descriptor (`@daily`, `@every 1h30m`). The texts of what
 * is wrong are those of the parser that kube-apiserver uses (github.com/robfig/cron, v3).
 */

export type CronSchedule =
  | { minutes: number[]; hours: number[]; days: number[]; months: number[]; weekdays: number[]; isAnyDay: boolean; isAnyWeekday: boolean }
  | { everyMs: number };

export type ParsedSchedule = { ok: true; schedule: CronSchedule } | { ok: false; message: string };

interface Bounds {
  least: number;
  most: number;
  names?: Record<string, number>;
}

const numbered = (names: string, first: number): Record<string, number> => Object.fromEntries(names.split(" ").map((name, at) => [name, first + at]));

const bounds = {
  minutes: { least: 0, most: 59 },
  hours: { least: 0, most: 23 },
  days: { least: 1, most: 31 },
  months: { least: 1, most: 12, names: numbered("jan feb mar apr may jun jul aug sep oct nov dec", 1) },
  weekdays: { least: 0, most: 6, names: numbered("sun mon tue wed thu fri sat", 0) },
} satisfies Record<string, Bounds>;

const descriptors: Record<string, string> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

class Malformed extends Error {}

export function parseSchedule(text: string): ParsedSchedule {
  try {
    return { ok: true, schedule: text.startsWith("@") ? ofDescriptor(text) : ofFields(text) };
  } catch (error) {
    if (error instanceof Malformed) return { ok: false, message: error.message };
    throw error;
  }
}

function ofDescriptor(text: string): CronSchedule {
  const fields = Object.hasOwn(descriptors, text) ? descriptors[text] : undefined;
  if (fields !== undefined) return ofFields(fields);
  if (!text.startsWith("@every ")) throw new Malformed(`unrecognized descriptor: ${text}`);
  return { everyMs: durationOf(text.slice("@every ".length), text) };
}

const unitMs: Record<string, number> = { ns: 1e-6, us: 1e-3, "µs": 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Go's durations (`1h30m`); never less than a second. */
function durationOf(duration: string, whole: string): number {
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  if (duration === "" || parts.map(([part]) => part).join("") !== duration) {
    throw new Malformed(`failed to parse duration ${whole}: time: invalid duration ${JSON.stringify(duration)}`);
  }
  const sum = parts.reduce((total, [, amount = "0", unit = "s"]) => total + Number(amount) * (unitMs[unit] ?? 0), 0);
  return Math.max(1000, Math.trunc(sum / 1000) * 1000);
}

function ofFields(text: string): CronSchedule {
  if (text === "") throw new Malformed("empty spec string");
  const fields = text.split(/\s+/).filter((field) => field !== "");
  if (fields.length !== 5) throw new Malformed(`expected exactly 5 fields, found ${fields.length}: [${fields.join(" ")}]`);
  const [minutes = "", hours = "", days = "", months = "", weekdays = ""] = fields;
  return {
    minutes: valuesOf(minutes, bounds.minutes),
    hours: valuesOf(hours, bounds.hours),
    days: valuesOf(days, bounds.days),
    months: valuesOf(months, bounds.months),
    weekdays: valuesOf(weekdays, bounds.weekdays),
    isAnyDay: isAny(days),
    isAnyWeekday: isAny(weekdays),
  };
}

/** `*` and `*` with a step of one say nothing of the day: then the other field of days decides alone. */
const isAny = (field: string): boolean => field.split(",").some((part) => /^[*?](\/1)?$/.test(part));

function valuesOf(field: string, within: Bounds): number[] {
  const all = field.split(",").filter((part) => part !== "").flatMap((part) => rangeOf(part, within));
  return [...new Set(all)].toSorted((left, right) => left - right);
}

/** `5`, `1-5`, `*`, each with a step. */
function rangeOf(part: string, within: Bounds): number[] {
  const [span = "", stepText, ...more] = part.split("/");
  const [lowText = "", highText, ...hyphens] = span.split("-");
  if (hyphens.length > 0) throw new Malformed(`too many hyphens: ${part}`);
  if (more.length > 0) throw new Malformed(`too many slashes: ${part}`);
  const isWhole = lowText === "*" || lowText === "?";
  const low = isWhole ? within.least : valueOf(lowText, within);
  const step = stepText === undefined ? 1 : integerOf(stepText);
  const single = stepText === undefined ? low : within.most; // `5/15` goes on to the end
  const high = isWhole ? within.most : highText === undefined ? single : valueOf(highText, within);
  if (low < within.least) throw new Malformed(`beginning of range (${low}) below minimum (${within.least}): ${part}`);
  if (high > within.most) throw new Malformed(`end of range (${high}) above maximum (${within.most}): ${part}`);
  if (low > high) throw new Malformed(`beginning of range (${low}) beyond end of range (${high}): ${part}`);
  if (step === 0) throw new Malformed(`step of range should be a positive number: ${part}`);
  return Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, at) => low + at * step);
}

function valueOf(text: string, { names = {} }: Bounds): number {
  const name = text.toLowerCase();
  return Object.hasOwn(names, name) ? (names[name] ?? 0) : integerOf(text);
}

function integerOf(text: string): number {
  if (/^[+]?\d+$/.test(text)) return Number(text);
  if (/^-\d+$/.test(text)) throw new Malformed(`negative number (${text}) not allowed: ${text}`);
  throw new Malformed(`failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
}
