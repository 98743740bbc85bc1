import type { Clock } from "../port/clock";
import type { CommandRunner } from "../port/commands";
import type { Sha256 } from "../port/digest";
import type { ExternalTools } from "../port/external-tools";
import type { GuardedFiles } from "../port/files";
import type { LanguageFeatures } from "../port/language-features";
import type { ModelProvider } from "../port/model-provider";
import type { SessionStore } from "../port/session-store";
import type { Utf8 } from "../port/utf8";

/** Everything outside the core that an agent works with. */
export interface AgentPorts {
  readonly store: SessionStore;
  readonly provider: ModelProvider;
  readonly files: GuardedFiles;
  readonly external: ExternalTools;
  /** What an editor knows about the project. */
  readonly features: LanguageFeatures;
  /** What starts the Flow's commands. */
  readonly commands: CommandRunner;
  readonly clock: Clock;
  readonly sha256: Sha256;
  readonly utf8: Utf8;
}
