import type { BlobRef } from "../../engine/event/content";
import type { OverlayFile } from "../../engine/port/commands";

/** What a view is made of. */
export interface ViewParts {
  /** The project's folder, its real path. */
  readonly project: string;
  /** What the view leaves out, relative to the project. */
  readonly hidden: readonly string[];
  /** Texts that stand in the view instead of the project's own, by path. */
  readonly replaced: Readonly<Record<string, string>>;
  readonly overlay: readonly OverlayFile[];
  readonly read: (content: BlobRef) => Promise<Uint8Array>;
}

/** A file that a command made, changed or deleted in its view. `file` is where its bytes are, null when it is gone. */
export interface ViewChange {
  readonly path: string;
  readonly file: string | null;
  /** Of the file as it was left; 0 when it is gone. */
  readonly bytes: number;
  readonly executable: boolean;
  /** A regular file; links and everything else never become artifacts. */
  readonly regular: boolean;
}

/** What may be laid over the project begins with `#!`: then it is a program. */
export function isProgram(bytes: Uint8Array): boolean {
  return bytes[0] === 0x23 && bytes[1] === 0x21;
}
