import type { BlobRef, Content } from "../../engine/event/content";
import type { SessionEvent } from "../../engine/event/event";
import type { OrketError } from "../../engine/error/orket-error";
import type { ExternalTools } from "../../engine/port/external-tools";
import type { LanguageFeatures } from "../../engine/port/language-features";
import type { Orchestrator } from "../../engine/orchestrator/orchestrator";
import type { SessionState } from "../../engine/state/state";
import type { CommandHost } from "../command/command-host";
import type { ConfirmForeign } from "./ownership";
import type { ProviderDeps } from "../../adapters/provider/provider-deps";
import type { JsonlSessionStore, SessionEnvironment } from "../../adapters/journal/jsonl-session-store";

/** What a host provides for a session. */
export interface RuntimeOptions extends ProviderDeps {
  /** The project's folder, absolute. */
  readonly workDomain: string;
  /** Where Orket was started, absolute: the folder and the files directly in it are always readable. */
  readonly startDirectory: string;
  readonly engineVersion: string;
  readonly startedBy: "command_line" | "editor" | "library";
  /** Called before a session that was not written here is resumed; absent: refused. */
  readonly confirmForeign?: ConfirmForeign;
  /** Tools of the host, such as the editor's. */
  readonly external?: ExternalTools;
  /** ripgrep's executable, absolute, for searches of large projects; absent: every file is read. */
  readonly ripgrep?: string | undefined;
  /** What the host's editor knows about a project's folder; absent: there is no editor. */
  readonly features?: (workDomain: string) => LanguageFeatures;
  /** How commands of the Flow are run; absent: no commands run. */
  readonly commands?: CommandHost;
  /** The machine; tests supply their own. */
  readonly environment?: SessionEnvironment;
}

/** A session that this process writes. */
export interface LiveSession {
  readonly id: string;
  /** The session's folder. */
  readonly directory: string;
  readonly workDomain: string;
  readonly orchestrator: Orchestrator;
  /** What starting it has recorded; none where it was opened. */
  readonly begun: readonly SessionEvent[];
  /** Bytes of a torn last line that were cut off on opening. */
  readonly cutBytes: number;
  readonly store: JsonlSessionStore;
  readonly environment: SessionEnvironment;
  readText(content: Content): Promise<string>;
  readBytes(ref: BlobRef): Promise<Uint8Array>;
  /** Ends running work, makes everything durable and releases the lock. */
  close(): Promise<void>;
}

/** A session as its files describe it, without the writer's lock. */
export interface SeenSession {
  readonly id: string;
  readonly state: SessionState;
  readonly events: readonly SessionEvent[];
  /** Why the events end where they do. */
  readonly problem?: OrketError;
  readText(content: Content): Promise<string>;
  readBytes(ref: BlobRef): Promise<Uint8Array>;
}
