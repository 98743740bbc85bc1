import type { RunnerOptions } from "../../adapters/command/runner";

/** What a host says about commands; a host without it runs none. */
export interface CommandHost {
  /** A stored secret by its name; which ones a command gets, a person agreed to with the table. */
  readonly secret: RunnerOptions["secret"];
  /** Whether the project is trusted: asked each time a command is to start. */
  readonly isTrusted: () => boolean;
  /** Where decisions stand; the user's state folder unless given. */
  readonly stateFolder?: string;
  /** For tests: the environment, the cache and the sandbox. */
  readonly runner?: Partial<Pick<RunnerOptions, "env" | "cache" | "sandbox" | "bounds">>;
}
