import type { Content } from "../event/content";
import type { MakingVersions } from "../event/versions";
import type { Definition } from "../model/definition";
import type { Sha256 } from "../port/digest";
import type { ToolSpec } from "../port/model-provider";
import type { ActiveRun } from "../state/cursor";
import type { ToolMode } from "../state/tool-mode";

/** What a prompt is built from. */
export interface PromptContext {
  readonly definition: Definition;
  readonly active: ActiveRun;
  readonly mode: ToolMode;
  readonly tools: readonly ToolSpec[];
  /** The reply is the step's result, bound to a JSON Schema; no tools are offered. */
  readonly bySchema?: boolean;
  /** Of the session: what makes up for an empty reply, and a prompt's digest, are made as when it began. */
  readonly versions: Pick<MakingVersions, "promptBuilder" | "reports">;
  readonly sha256: Sha256;
  /** Reads a content that a scope or a message refers to. */
  readonly getText: (content: Content) => Promise<string>;
  /** Stores a text, by its parts where they are given. */
  readonly putText: (text: string, parts?: readonly string[]) => Content;
  /** That a person rejected the artifact, in words; undefined: nobody did. */
  readonly refusal?: (path: string) => string | undefined;
}

/** The parts of a step's first prompt that are always in it. */
export interface Fixed {
  readonly system: string;
  readonly head: string;
  /** As `stepSection`. */
  readonly tail: readonly string[];
  /** What the templates named, so that it is not repeated. */
  readonly used: ReadonlySet<string>;
}
