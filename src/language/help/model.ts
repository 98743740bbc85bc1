import type { Entity } from "../schema/fields";
import type { Project } from "../project/project";
import type { SourceDocument } from "../text/source";
import type { Span } from "../text/lines";

/** What the host knows besides the files. */
export interface HelpContext {
  /** Every file and folder (with a trailing slash) of the project, for path completion. */
  readonly files?: readonly string[];
  /** Names of tools that the editor offers, without `vscode:`. */
  readonly editorTools?: readonly string[];
  /** Models that the backend of the Venue returned. */
  readonly models?: readonly string[];
  /** Names of stored secrets. */
  readonly secrets?: readonly string[];
}

/** The place for which help is requested. */
export interface HelpRequest {
  readonly project: Project;
  readonly source: SourceDocument;
  readonly offset: number;
  readonly context?: HelpContext;
}

/** A change of one file: `text` replaces `span`. */
export interface FileEdit {
  readonly file: string;
  readonly span: Span;
  readonly text: string;
}

/** A place in a file. */
export interface Place {
  readonly file: string;
  /** What to select. */
  readonly span: Span;
  /** The full extent, such as a whole role. */
  readonly whole: Span;
}

export const entityLabels: Readonly<Record<Entity, string>> = {
  flow: "Flow",
  band: "Band",
  venue: "Venue",
  score: "Score",
  role: "role",
  step: "step",
  input: "input",
  note: "note",
  verdict: "verdict",
  artifact: "artifact",
  field: "field",
  command: "command",
  node: "node",
};

/** A word as written as a value: in quotes where YAML would read something else. */
export function writeWord(word: string, format: "yaml" | "json"): string {
  if (format === "json") return JSON.stringify(word);
  const plain = /^[A-Za-z0-9_./][A-Za-z0-9_./@+ -]*$/.test(word) && !/[ ]$/.test(word);
  const meant =
    /^(true|false|null|~|[-+]?(\.inf|\.nan)|\.+)$/i.test(word) ||
    /^[-+]?(0x[0-9a-f]+|0o[0-7]+|(\.[0-9]+|[0-9]+(\.[0-9]*)?)(e[-+]?[0-9]+)?)$/i.test(word);
  const colon = /^[A-Za-z0-9_./][A-Za-z0-9_./:@+-]*[A-Za-z0-9_./@+-]$/.test(word);
  return (plain || colon) && !meant ? word : JSON.stringify(word);
}
