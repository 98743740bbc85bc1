import type { Diagnostic, DiagnosticCode } from "../text/diagnostic";
import type { SourceDocument } from "../text/source";

/** The message about a name that no step has. */
const unknownNames: ReadonlySet<DiagnosticCode> = new Set([
  "orket/until-unknown-step",
  "orket/unknown-step",
  "orket/condition-unknown",
  "orket/placeholder-unresolved",
  "orket/placeholder-unknown",
  "orket/replies-unknown-step",
] as const);

/** The ids that are present but have no effect, because their key is given twice: a '-' is missing before them. */
function swallowedIds(own: readonly Diagnostic[], sources: readonly SourceDocument[]): string[] {
  const texts = new Map(sources.map(({ path, text }) => [path, text]));
  return own.flatMap(({ code, file, span }) => {
    if (code !== "orket/duplicate-key") return [];
    const line =
      texts
        .get(file)
        ?.slice(span.start, span.start + 200)
        .split("\n")[0] ?? "";
    const id = /^id:\s*["']?([\w-]+)/.exec(line)?.[1];
    return id === undefined ? [] : [id];
  });
}

/**
 * Without the diagnostics that another problem explains: a missing model whose key is misspelled, and a step that is not
 * known because its id was taken by the previous entry.
 */
export function withoutMisspelled(
  diagnostics: readonly Diagnostic[],
  own: readonly Diagnostic[],
  sources: readonly SourceDocument[],
): Diagnostic[] {
  const swallowed = swallowedIds(own, sources).map((id) => `'${id}'`);
  const misspelled = new Set(
    own.flatMap(({ code, suggestion, file }) =>
      code === "orket/unknown-key" && suggestion !== undefined
        ? [`${file} ${suggestion.replacement.replaceAll('"', "")}`]
        : [],
    ),
  );
  const named = {
    "orket/missing-model": "model",
    "orket/missing-nodes": "nodes",
    "orket/missing-replies": "replies",
  } as const;
  return diagnostics.filter(
    ({ code, file, message }) =>
      !(code in named && misspelled.has(`${file} ${named[code as keyof typeof named]}`)) &&
      !(unknownNames.has(code) && swallowed.some((id) => message.includes(id))),
  );
}
