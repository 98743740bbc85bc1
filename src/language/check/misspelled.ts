import type { Diagnostic } from "../text/diagnostic";

/** Without a missing model whose key stands there misspelled: that is reported as an unknown key. */
export function withoutMisspelled(
  diagnostics: readonly Diagnostic[],
  own: readonly Diagnostic[],
): Diagnostic[] {
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
    ({ code, file }) => !(code in named && misspelled.has(`${file} ${named[code as keyof typeof named]}`)),
  );
}
