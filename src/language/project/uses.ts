import { quoted } from "../text/diagnostic";
import type { SourceDocument } from "../text/source";
import { resolveReference } from "./reference";
import type { KnownFiles } from "./reference";
import { replaceValue } from "../schema/report";
import type { Report } from "../schema/report";
import { textAt } from "../schema/read";
import { scoreViewOf } from "../schema/score-view";
import type { StepView } from "../schema/score-view";

/** Most Scores that one Score can use; nested ones count each time. */
const maxUses = 200;

/** The `use` steps of a Score, in the file's order. */
export function usesIn(score: SourceDocument): readonly StepView[] {
  return scoreViewOf(score).steps.filter(({ kind }) => kind === "use");
}

/**
 * Follows the `use` steps of a Score: the Scores that they name, each followed by those that it uses itself. Missing
 * Scores and endless recursion are reported and undefined.
 */
export function followUses(
  known: KnownFiles,
  score: SourceDocument,
  report: Report,
): (SourceDocument | undefined)[] {
  const found: (SourceDocument | undefined)[] = [];
  const walk = (source: SourceDocument, around: readonly SourceDocument[]): void => {
    for (const step of usesIn(source)) {
      const path = [...step.path, "use"];
      const reference = textAt(source, path) ?? "";
      const resolved =
        reference === "" ? undefined : resolveReference(known, "score", reference, source.path);
      if (resolved === undefined) {
        found.push(undefined);
        continue;
      }
      if (!("source" in resolved)) {
        const { near, ...init } = resolved.init;
        report.at(source, path, resolved.code, resolved.message, {
          ...init,
          ...replaceValue(source, path, near),
        });
        found.push(undefined);
        continue;
      }
      const next = resolved.source;
      const inside = [...around, source];
      if (inside.includes(next)) {
        const way = [...inside.slice(inside.indexOf(next)), next].map(({ path: file }) => file).join(" → ");
        report.at(source, path, "orket/use-cycle", `The Score ${quoted(reference)} uses itself: ${way}.`, {
          hint: "Repeat steps with 'loop'; a Score cannot use itself.",
        });
        found.push(undefined);
        continue;
      }
      if (found.length >= maxUses) {
        report.at(source, path, "orket/too-complex", `More than ${maxUses} Scores are used.`);
        found.push(undefined);
        continue;
      }
      found.push(next);
      walk(next, inside);
    }
  };
  walk(score, []);
  return found;
}
