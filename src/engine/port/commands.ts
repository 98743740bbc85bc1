import type { BlobRef } from "../event/content";
import type { CommandEnd, CommandPlace, CommandSpec } from "../model/command";
import type { Cancellation } from "./cancellation";

/** A variable for the command: its text, or the name of a stored secret whose value only the runner sees. */
export type CommandVariable = { readonly value: string } | { readonly secret: string };

/** An artifact as the step's branch sees it, laid over the project; null: the file is deleted. */
export interface OverlayFile {
  readonly path: string;
  readonly content: BlobRef | null;
  /** It may be executed, whatever the project's file may. */
  readonly executable?: true;
}

export interface CommandRequest {
  /**
   * Resolves when `command_start` is in the journal, on disk; rejects when it could not be written. The runner may prepare
   * the view earlier, but starts no process. Absent: there is no journal (`orket check`).
   */
  readonly recorded?: Promise<void>;
  /** The requesting run, unique in this session: a step's key and attempt, or these and a tool call's id. */
  readonly run: string;
  /** The command's name in the Flow's table. */
  readonly name: string;
  /** As in the definition. The runner reads bounds, `network`, `writes`, `isolation` and `effects` from it. */
  readonly spec: CommandSpec;
  /** The whole argument list with its placeholders resolved, checked by the engine; argv[0] is the program. */
  readonly argv: readonly string[];
  /** The command's standard input, followed by end of file; without it, an immediate end of file. */
  readonly stdin?: string;
  /** The Flow's `env`, templates resolved. A value that came from a template is never read as a secret's name. */
  readonly env: Readonly<Record<string, CommandVariable>>;
  /** Every artifact that the step's branch sees, sorted by path. Not used with `effects: outside`. */
  readonly overlay: readonly OverlayFile[];
  /** Reads an artifact's bytes: the session store's `getBytes`. */
  readonly read: (content: BlobRef) => Promise<Uint8Array>;
}

/** A piece of output, as it arrives, decoded and without a secret's value. For display only; bounded by the runner. */
export interface CommandOutput {
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

/** A file that matches `writes` and that the command made or changed; null: it deleted it. Paths with forward slashes. */
export interface CommandFile {
  readonly path: string;
  readonly content: Uint8Array | null;
  /** May be executed (owner's bit); false where the system has no such bit. */
  readonly executable: boolean;
}

/** What a command did. Every failure is data: `run` only rejects with what `recorded` rejects with. */
export interface CommandResult {
  readonly end: CommandEnd;
  /** Where it was started; absent when nothing was (`refused`, `not_started`, cancelled before). */
  readonly place?: CommandPlace;
  /** What isolated and limited it, for users: "bubblewrap 0.8.0", "Seatbelt", "a copy, limits by a control group". */
  readonly isolatedBy?: string;
  /**
   * Both streams in order of arrival, as text: invalid UTF-8 is replaced, secrets' values are `***`. Complete:
   * a command that writes more than the runner's bound is ended with `bound: output`, and this is what came before.
   */
  readonly output: string;
  /** Standard output only, with `output: json` only. */
  readonly stdout?: string;
  /** What becomes artifacts, sorted by path. Empty with `effects: outside`. */
  readonly files: readonly CommandFile[];
  /** Other files that it made, changed or deleted, which do not become artifacts. Bytes: of the files as it left them. */
  readonly discarded: { readonly files: number; readonly bytes: number };
  /** With `effects: outside`: the project's files that it made, changed or deleted, sorted; `.git` as one entry. */
  readonly changed?: readonly string[];
  /** From start to end of the process; 0 when nothing was started. */
  readonly durationMs: number;
}

/**
 * Starts the commands of a Flow. It makes none of the engine's decisions: no retry, no verdict. It starts nothing that a
 * person has not agreed to on this machine, and nothing at a weaker isolation than the spec accepts: both are `refused`.
 * Cancelling ends the whole process group within 1 s with `cancelled`, whatever the command does.
 */
export interface CommandRunner {
  run(
    request: CommandRequest,
    onOutput: (output: CommandOutput) => void,
    cancellation: Cancellation,
  ): Promise<CommandResult>;
}

/** A host that runs no commands; also the port of a replay, which reads the recording. */
export const noCommands: CommandRunner = {
  run: () =>
    Promise.resolve({
      end: { kind: "refused", reason: "untrusted", message: "No commands are run here." },
      output: "",
      files: [],
      discarded: { files: 0, bytes: 0 },
      durationMs: 0,
    }),
};
