import type { CommandEnd } from "../../engine/model/command";

/** Limits of one command. A command that exceeds one of them is ended; its event names the limit. */
export interface CommandBounds {
  /** Of both streams together, in bytes: how much is kept in full. */
  readonly outputBytes: number;
  /** Resident memory of all its processes together, in bytes. */
  readonly memoryBytes: number;
  /** Processes and threads at the same time. */
  readonly processes: number;
  /** Files that `writes` matches. */
  readonly files: number;
  /** Of these files together, in bytes. */
  readonly fileBytes: number;
  /** Free space that a command must leave on the disk of its view, in bytes. */
  readonly freeBytes: number;
}

/** Enough for the test suites of large projects; small enough that a machine stays usable. */
export const commandBounds: CommandBounds = {
  outputBytes: 16 << 20,
  memoryBytes: 8 * 2 ** 30,
  processes: 1024,
  files: 2000,
  fileBytes: 64 << 20,
  freeBytes: 256 << 20,
};

export type BoundEnd = Extract<CommandEnd, { kind: "bound" }>;

/** The end of a command that reached a limit, as a sentence. */
export function boundEnd(bound: "memory" | "processes", bounds: CommandBounds): BoundEnd {
  const mebibytes = Math.round(bounds.memoryBytes / 2 ** 20);
  const message =
    bound === "memory"
      ? `It used more than ${mebibytes} MiB of memory.`
      : `It started more than ${bounds.processes} processes.`;
  return { kind: "bound", bound, message };
}
