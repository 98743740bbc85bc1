import type { RunnerOptions } from "../../adapters/command/runner";

/** What a host provides for commands; a host without it runs none. */
export interface CommandHost {
  /** A stored secret by its name; the user agreed with the table to the secrets that a command gets. */
  readonly secret: RunnerOptions["secret"];
  /** Whether the project is trusted: checked each time a command is to start. */
  readonly isTrusted: () => boolean;
  /** Where decisions are stored; the user's state folder unless given. */
  readonly stateFolder?: string;
  /** For tests: the environment, the cache and the sandbox. */
  readonly runner?: Partial<Pick<RunnerOptions, "env" | "cache" | "sandbox" | "bounds">>;
}
