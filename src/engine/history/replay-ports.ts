import type { BlobRef, Content } from "../event/content";
import type { SessionEvent } from "../event/event";
import type { Sha256 } from "../port/digest";
import type { ExternalTools } from "../port/external-tools";
import type { GuardedFiles } from "../port/files";
import type { SessionStore } from "../port/session-store";
import type { Utf8 } from "../port/utf8";
import type { SessionState } from "../state/state";

/** What a replay reads with. It has no provider, no clock and no door to the project. */
export interface ReplayPorts {
  readonly sha256: Sha256;
  readonly utf8: Utf8;
  /** @throws {OrketError} blob_missing when a content is gone or is not what its digest says. */
  readonly getText: (content: Content) => Promise<string>;
  readonly getBytes: (ref: BlobRef) => Promise<Uint8Array>;
  /** The definition is not the one that the session was started with: what does not follow is put down to it. */
  readonly definitionChanged: boolean;
  /** Makes the reference that a text of this length has in the journal. */
  readonly refText: (text: string) => Content;
  readonly refBytes: (bytes: Uint8Array) => BlobRef;
}

/** Asked for something that only the world at the time of the run knows; what was recorded stands for it. */
export class WorldNeeded extends Error {}

export function replayStore(ports: ReplayPorts): SessionStore {
  const never = (): never => {
    throw new Error("a replay writes nothing");
  };
  return {
    append: never,
    flush: never,
    materialise: never,
    putText: ports.refText,
    putBytes: ports.refBytes,
    getText: ports.getText,
    getBytes: ports.getBytes,
  };
}

/** Answers like a port whose world is gone. */
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
  const read = async (): ReturnType<GuardedFiles["base"]> =>
    base === null
      ? { kind: "missing", message: "There was no such file." }
      : { kind: "file", bytes: await ports.getBytes(base) };
  return { ...noFiles, read, base: read };
}

/** Tools of the editor are described by the editor; a replay cannot know how, so their prompts are taken as recorded. */
export function externalAsOffered(state: SessionState): ExternalTools {
  const offered = Object.values(state.definition.band.roles).some(({ tools }) =>
    tools.some((tool) => tool.startsWith("vscode:")),
  );
  return {
    find: () => {
      if (offered) throw new WorldNeeded();
      return undefined;
    },
    invoke: needed,
  };
}
