import { utf8LengthOf } from "../event/content";
import type { Omission } from "../event/event";
import { utf8Length } from "../model/utf8";
import { newestChanges, resultSeen } from "../state/scope";
import type { PromptContext } from "./prompt-context";
import type { Estimate } from "./prompt-tokens";

/**
 * The sections on the other steps' work, newest first until the room is used up: files, then notes, then reports. In
 * parts, in order; each report is a part of its own.
 */
export async function visibleWork(
  { active, getText, refusal }: PromptContext,
  room: number,
  estimate: Estimate,
  used: ReadonlySet<string>,
  omitted: Omission[],
): Promise<string[]> {
  const { scope } = active;
  const files = new Section("artifacts", estimate, Math.floor(room / 4));
  for (const change of newestChanges(scope)) {
    const refused = refusal?.(change.path);
    if (change.content === null && refused === undefined) continue;
    const what =
      change.content === null
        ? `deleted by ${change.step}`
        : `${change.content.bytes} bytes, from ${change.step}`;
    files.add(change.path, [`- ${change.path} (${what})${refused === undefined ? "" : ` ${refused}`}`]);
    if (files.isFull && files.left > 50) break;
  }
  const notes = new Section("notes", estimate, Math.floor((room - files.used) / 2));
  for (const [key, value] of Object.entries(scope.notes).reverse()) notes.add(key, [`- ${key}: ${value}`]);
  const reports = new Section("summaries", estimate, room - files.used - notes.used);
  for (const index of readsOf(active)) {
    const result = scope.results.at(index);
    if (result === undefined || used.has(`summary:${result.id}`)) continue;
    if (reports.isFull) {
      reports.leaveOut(result.key, index + 1, scope.results.at(0)?.key ?? result.key);
      break;
    }
    const verdict = result.verdict === undefined ? "" : `, verdict: ${result.verdict}`;
    const text = await getText(result.summary);
    const summary = text.trim();
    const heading = `## ${result.key} (${result.role}${verdict})\n\n`;
    // The length of a content is known; counting it again would go through all reports for each prompt.
    const bytes = summary === text ? utf8LengthOf(result.summary) : utf8Length(summary);
    reports.add(result.key, [heading, summary, "\n"], utf8Length(heading) + bytes + 1);
  }
  const parts: string[] = [];
  if (reports.lines.length > 0) parts.push("# What the steps before reported\n\n", ...reports.parts(), "\n");
  if (notes.lines.length > 0) parts.push("# Notes\n\n", ...notes.parts(), "\n\n");
  if (files.lines.length > 0) parts.push("# Files of the team\n\n", ...files.parts(), "\n\n");
  for (const section of [reports, notes, files])
    if (section.omission !== undefined) omitted.push(section.omission);
  return parts;
}

/**
 * The numbers of the reports that a step reads, newest first: of the steps it names, the latest of this round or the one
 * before; for `all`, of every round. Named ones are looked up, so that they cost the same after a thousand steps.
 */
function* readsOf({ run, scope }: PromptContext["active"]): Generator<number> {
  const { reads } = run.node;
  if (reads === undefined || reads === "all") {
    for (let index = scope.results.length - 1; index >= 0; index -= 1) yield index;
    return;
  }
  const seen = (id: string): boolean => resultSeen(scope, id, run.place) !== undefined;
  const ids = Array.isArray(reads) ? reads.filter(seen) : reads.nearest.filter(seen).slice(0, 1);
  const read = new Set(ids.map((id) => scope.resultOfId.get(id) ?? -1));
  yield* [...read].sort((a, b) => b - a);
}

const lengthOf = (line: readonly string[]): number => line.reduce((sum, part) => sum + utf8Length(part), 0);

/** Lines that share some room, given newest first and shown oldest first. Stops at the first one that does not fit. */
class Section {
  readonly lines: (readonly string[])[] = [];
  used = 0;
  left = 0;
  #newest: string | undefined;
  #oldest: string | undefined;
  readonly #what: Omission["what"];
  readonly #room: number;
  readonly #estimate: Estimate;

  constructor(what: Omission["what"], estimate: Estimate, room: number) {
    this.#what = what;
    this.#estimate = estimate;
    this.#room = room;
  }

  get isFull(): boolean {
    return this.left > 0;
  }

  add(name: string, line: readonly string[], bytes = lengthOf(line)): void {
    // 8: a heading's share and the line end; keeps the sum of estimates above the estimate of the sum.
    const tokens = this.#estimate.tokens(bytes) + 8;
    if (this.isFull || this.used + tokens > this.#room) this.leaveOut(name, 1, name);
    else {
      this.used += tokens;
      this.lines.push(line);
    }
  }

  /** Leaves out `count` entries from `newest` back to `oldest`. */
  leaveOut(newest: string, count: number, oldest: string): void {
    this.left += count;
    this.#newest ??= newest;
    this.#oldest = oldest;
  }

  get omission(): Omission | undefined {
    if (this.#newest === undefined || this.#oldest === undefined) return undefined;
    return { what: this.#what, count: this.left, first: this.#oldest, last: this.#newest };
  }

  parts(): string[] {
    const oldestFirst = [...this.lines].reverse();
    return oldestFirst.flatMap((line, index) => (index === 0 ? line : ["\n", ...line]));
  }
}
