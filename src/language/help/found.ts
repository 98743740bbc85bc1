import type { Occurrence } from "../project/occurrences";
import type { SourceDocument } from "../text/source";

/** A name in one of the files. */
export interface Found {
  readonly source: SourceDocument;
  readonly occurrence: Occurrence;
}

/** The places of a name, with the files that own it. */
export interface Closure {
  readonly owners: readonly SourceDocument[];
  readonly found: Found[];
}
