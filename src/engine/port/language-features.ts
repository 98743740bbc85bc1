import type { Cancellation } from "./cancellation";

/** A place in a file of the project. */
export interface CodePlace {
  /** Relative to the project, with forward slashes. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
}
export interface CodeSymbol extends CodePlace {
  readonly name: string;
  /** As the editor calls it: `function`, `class`. */
  readonly kind: string;
  /** The symbol around it. */
  readonly container?: string;
}
export const problemSeverities = ["error", "warning", "info", "hint"] as const;
export interface CodeProblem extends CodePlace {
  readonly severity: (typeof problemSeverities)[number];
  readonly message: string;
  /** What reports it, and its code: `ts 2304`. */
  readonly source?: string;
}
export type FeatureAnswer<T> =
  | {
      readonly kind: "found";
      /** In no particular order. */
      readonly items: readonly T[];
      /** Places in files outside the project, which are not among them. */
      readonly outside: number;
    }
  /** The question could not be answered; a sentence for the model. */
  | { readonly kind: "failed"; readonly message: string };

/**
 * What an editor's language extensions know about the project. They read the project's files, not a session's Workspace, and
 * know no file policy: who shows their answers must apply it. Failures are outcomes, never exceptions.
 */
export interface LanguageFeatures {
  /** Whether this host has them at all. */
  readonly available: boolean;
  /** The symbols of one file, or those of the project whose name matches a text. */
  symbols(
    of: { readonly path: string } | { readonly text: string },
    cancellation: Cancellation,
  ): Promise<FeatureAnswer<CodeSymbol>>;
  /** Where the symbol of that name, which stands in that line, is used. */
  references(
    of: CodePlace & { readonly symbol: string },
    cancellation: Cancellation,
  ): Promise<FeatureAnswer<CodePlace>>;
  /** What extensions report about one file, or about every file that they have checked. */
  problems(path: string | undefined, cancellation: Cancellation): Promise<FeatureAnswer<CodeProblem>>;
}

const onlyInEditor = (): Promise<{ readonly kind: "failed"; readonly message: string }> =>
  Promise.resolve({
    kind: "failed",
    message: "This tool exists only inside VS Code; this run has no editor.",
  });

/** A host without an editor. */
export const noLanguageFeatures: LanguageFeatures = {
  available: false,
  symbols: onlyInEditor,
  references: onlyInEditor,
  problems: onlyInEditor,
};
