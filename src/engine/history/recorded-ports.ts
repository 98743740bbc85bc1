import type { BlobRef, Content } from "../event/content";
import type { SessionEvent } from "../event/event";
import { isEditorTool, isForeign } from "../model/tools";
import type { Effect } from "../orchestrator/decide";
import type { Sha256 } from "../port/digest";
import type { ExternalTools } from "../port/external-tools";
import type { GuardedFiles } from "../port/files";
import type { LanguageFeatures } from "../port/language-features";
import type { SessionStore } from "../port/session-store";
import type { Utf8 } from "../port/utf8";
import { activeRuns } from "../state/cursor";
import type { SessionState } from "../state/state";
import { entryOf } from "../model/entry-of";

/* The ports of a replay: they answer from the recording, and refuse everything else. */

/** What a replay reads with. It has no provider, no clock and no access to the project. */
export interface ReplayPorts {
  readonly sha256: Sha256;
  readonly utf8: Utf8;
  /** @throws {OrketError} blob_missing when a content is missing or does not match its digest. */
  readonly getText: (content: Content) => Promise<string>;
  readonly getBytes: (ref: BlobRef) => Promise<Uint8Array>;
  /** The definition is not the one that the session was started with: differences are attributed to it. */
  readonly definitionChanged: boolean;
  /** Makes the reference that a text of this length has in the journal. */
  readonly refText: (text: string) => Content;
  readonly refBytes: (bytes: Uint8Array) => BlobRef;
}

/** Something that only the environment at the time of the run could answer; the recording is used instead. */
export class WorldNeeded extends Error {}

export function replayStore(ports: ReplayPorts): SessionStore {
  const never = (): never => {
    throw new Error("a replay writes nothing");
  };
  return {
    append: never,
    flush: never,
    materialise: never,
    putText: (text) => ports.refText(text),
    putBytes: ports.refBytes,
    getText: ports.getText,
    getBytes: ports.getBytes,
  };
}

export const needed = (): Promise<never> => Promise.reject(new WorldNeeded());
export const noFiles: GuardedFiles = {
  read: needed,
  readLines: needed,
  list: needed,
  search: needed,
  base: needed,
};

/** The project as far as the event recorded it: the file that a proposal was based on. */
export function recordedFiles(event: SessionEvent, ports: ReplayPorts): GuardedFiles {
  if (event.type !== "artifact_written" && event.type !== "artifact_deleted") return noFiles;
  const { base } = event.data;
  const written = event.type === "artifact_written" ? event.data : undefined;
  const moved = written?.moved_from;
  const read = async (raw: string): ReturnType<GuardedFiles["base"]> => {
    const isMoved = moved !== undefined && raw === moved.path;
    const there = isMoved ? moved.base : base;
    const executable = isMoved ? written?.executable === true : written?.base_executable === true;
    return there === null
      ? { kind: "missing", message: "There was no such file." }
      : { kind: "file", bytes: await ports.getBytes(there), executable };
  };
  return { ...noFiles, read, base: read };
}

/**
 * Tools of the editor are described by the editor; a replay cannot know how, so the prompts that describe them are taken
 * as recorded. Nothing else depends on it: their calls are read and approved based on the recording.
 */
export function externalAsOffered(state: SessionState, effect: Effect): ExternalTools {
  const offered = offers(state, effect, isForeign);
  return {
    find: () => {
      if (offered) throw new WorldNeeded();
      return undefined;
    },
    invoke: needed,
  };
}

/** Whether the editor was there is unknown too: what describes its tools, or asks them, is taken as recorded. */
export function featuresAsOffered(state: SessionState, effect: Effect): LanguageFeatures {
  const offered = offers(state, effect, isEditorTool);
  return {
    get available() {
      if (offered) throw new WorldNeeded();
      return true;
    },
    symbols: needed,
    references: needed,
    problems: needed,
  };
}

/** Whether the prompt that is built may describe such a tool. */
function offers(
  { definition, score }: SessionState,
  { kind, step }: Effect,
  isSuch: (tool: string) => boolean,
): boolean {
  const role = activeRuns(score).find(({ run }) => run.key === step)?.run.node.role ?? "";
  return kind === "build_prompt" && entryOf(definition.band.roles, role)?.tools.some(isSuch) === true;
}
