import type { EventDraft } from "../../event/event";
import { classifyPath } from "../../policy/file-policy";
import type { CodePlace, FeatureAnswer } from "../../port/language-features";
import { newestChanges } from "../../state/scope";
import type { Job } from "./tool";

/** Most places that one result shows, and most files of the team that it names. */
const maxPlaces = 200;
const maxNamed = 5;

/** A path of a call, or the denial that answers the call. */
export async function pathInProject(
  job: Job,
  raw: string,
): Promise<{ readonly path: string } | { readonly answer: EventDraft }> {
  const place = classifyPath(raw);
  if (place.kind !== "relative") return { answer: job.denied(place.rule, place.message, raw) };
  // Whether the file may be read is decided on its real path; its text is not shown here.
  const read = await job.context.files.readLines(place.path, { start: 1, end: 1, maxLength: 1 });
  if (read.kind === "denied") return { answer: job.denied(read.rule, read.message, raw) };
  if (read.kind === "missing")
    return { answer: job.result(false, `${read.message} ${projectOnly(job)}`.trim()) };
  return { path: place.path };
}

/**
 * The result of a question to the editor: one line for each place that the role may read, by path and line, and what was
 * left out.
 */
export async function shownPlaces<T extends CodePlace>(
  job: Job,
  answer: FeatureAnswer<T>,
  { noun, nothing, line }: ShowPlaces<T>,
): Promise<EventDraft> {
  if (answer.kind === "failed") return job.result(false, answer.message);
  const places = [...answer.items].sort(byPlace);
  const readable = new Map<string, boolean>();
  const lines = new Set<string>();
  let denied = 0;
  let more = 0;
  for (const place of places) {
    if (lines.size === maxPlaces) {
      more += 1;
      continue;
    }
    let mayRead = readable.get(place.path);
    if (mayRead === undefined) readable.set(place.path, (mayRead = await isReadable(job, place)));
    if (mayRead) lines.add(await line(place));
    else denied += 1;
  }
  const hidden = denied + answer.outside;
  const notes = [
    lines.size === 0 ? nothing : `${lines.size} ${noun}${lines.size === 1 ? "" : "s"}`,
    ...(more === 0 ? [] : [`${more} more are not shown: ask for something narrower`]),
    ...(hidden === 0
      ? []
      : [`${hidden} in files that may not be read, or outside the project, are not shown`]),
    projectOnly(job),
  ];
  return job.result(true, [...lines, `[${notes.filter((note) => note !== "").join(". ")}]`].join("\n"));
}

interface ShowPlaces<T> {
  readonly noun: string;
  /** What is said when nothing was found. */
  readonly nothing: string;
  readonly line: (place: T) => string | Promise<string>;
}

function byPlace(a: CodePlace, b: CodePlace): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return a.line - b.line;
}

async function isReadable({ context }: Job, { path, line }: CodePlace): Promise<boolean> {
  if (classifyPath(path).kind !== "relative") return false;
  const read = await context.files.readLines(path, { start: line, end: line, maxLength: 1 });
  return read.kind !== "denied";
}

/** Longest text of a line that is shown, in characters. */
const maxShown = 300;

/** A line of the project, as the policy lets it be read; empty where it cannot be. */
export async function projectLine({ context }: Job, { path, line }: CodePlace): Promise<string> {
  const read = await context.files.readLines(path, { start: line, end: line, maxLength: 4 * maxShown });
  return read.kind === "lines" ? shortened(read.lines[0] ?? "") : "";
}

export function shortened(text: string): string {
  const flat = text.replace(/\s+/g, " ").trim();
  return flat.length <= maxShown ? flat : `${flat.slice(0, maxShown).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** The editor knows the project's files; what the team wrote is not among them. */
function projectOnly({ context }: Job): string {
  const paths = Array.from(newestChanges(context.active.scope), ({ path }) => path);
  const unique = [...new Set(paths)].sort();
  if (unique.length === 0) return "This is the project as VS Code sees it";
  const named = unique.slice(0, maxNamed).join(", ");
  const rest = unique.length > maxNamed ? ` and ${unique.length - maxNamed} more` : "";
  return `This is the project as VS Code sees it, without what the team wrote: ${named}${rest}`;
}
