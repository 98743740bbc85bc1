import type { SessionEvent } from "../../engine/event/event";
import type { SessionView } from "../../engine/view/session-view";
import { eventPieces, eventsOf } from "./event-pieces";
import type { Snapshot } from "./snapshot";

/** A check of the team's work: a command whose verdict was `pass`. */
export interface PassedCheck {
  readonly seq: number;
  /** Name of the command in the Flow. */
  readonly command: string;
  readonly step: string | null;
}

/** What was checked in a session, and when its files were last written. */
export interface Checks {
  /** Whether any command was run. */
  readonly any: boolean;
  readonly passed: readonly PassedCheck[];
  /** By path: the event that last wrote it. */
  readonly written: ReadonlyMap<string, number>;
}

/** Collects the checks from the events of a session, in order. */
export class CheckReader {
  readonly #passed: PassedCheck[] = [];
  readonly #written = new Map<string, number>();
  #any = false;

  read(events: readonly SessionEvent[]): this {
    for (const { seq, type, step, data } of events as readonly {
      seq: number;
      type: string;
      step: string | null;
      data: { path?: unknown; command?: unknown; verdict?: unknown; files?: unknown };
    }[]) {
      if (type === "artifact_written" || type === "artifact_deleted")
        this.#written.set(String(data.path), seq);
      if (type !== "command_end") continue;
      this.#any = true;
      // A command's files were written before its verdict, so that a command that formats and checks counts for both.
      if (Array.isArray(data.files))
        for (const file of data.files as { path: string }[]) this.#written.set(file.path, seq);
      if (data.verdict === "pass") this.#passed.push({ seq, command: String(data.command), step });
    }
    return this;
  }

  get checks(): Checks {
    return { any: this.#any, passed: this.#passed, written: this.#written };
  }
}

/** The checks of a session, read without holding its events. */
export async function checksOf(seen: Pick<Snapshot, "state" | "readEvents">): Promise<Checks> {
  const reader = new CheckReader();
  for await (const piece of eventPieces(eventsOf(seen))) reader.read(piece);
  return reader.checks;
}

/** The paths that were written after the last check that passed. Where a session has no checks, none is. */
export function uncheckedPaths({ any, passed, written }: Checks): Set<string> {
  if (!any) return new Set();
  const last = passed.at(-1)?.seq ?? -1;
  return new Set([...written].filter(([, seq]) => seq > last).map(([path]) => path));
}

/** Why a session's work must not be accepted without a warning; undefined: no reason. */
export function failureOf({
  status,
  pause,
  failed,
}: Pick<SessionView, "status" | "pause" | "failed">): string | undefined {
  if (failed.length > 0) {
    const [first] = failed;
    return `the step ${first?.step ?? ""} failed: ${first?.message ?? ""}`;
  }
  if (status === "paused" && pause?.reason === "step_failed") return pause.message;
  return undefined;
}
