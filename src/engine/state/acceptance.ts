import { decisionAbout } from "./decisions";
import { artifactsOf } from "./scope";
import type { ArtifactChange } from "./scope";
import type { SessionState } from "./state";
import { entryOf } from "../model/entry-of";

/** Whether a change proposes anything: a file that was made and removed again does not. */
function isProposal({ base, content }: ArtifactChange): boolean {
  if (content === null) return base !== null;
  return base === null || base.sha256 !== content.sha256;
}

type Verdict = "accepted" | "partly" | "rejected";

/** What a person decided about an artifact in its current state; undefined: some of it is not decided. */
function verdictAbout(state: SessionState, change: ArtifactChange): Verdict | undefined {
  if (state.versions.acceptances >= 2) {
    const { verdict, open } = decisionAbout(state, change);
    return open || verdict === "pending" ? undefined : verdict;
  }
  // Earlier sessions took the last decision about a file for the whole of it.
  const decision = entryOf(state.decisions, change.path);
  if (decision === undefined || decision.of?.sha256 !== change.content?.sha256) return undefined;
  // Part of it is still proposed.
  return decision.rest === undefined ? decision.kind : undefined;
}

/** Those of the paths about which a person must still decide. */
export function openPaths(state: SessionState, paths: readonly string[]): string[] {
  const wanted = new Set(paths);
  return artifactsOf(state.score.scope).flatMap((change) =>
    wanted.has(change.path) && isProposal(change) && verdictAbout(state, change) === undefined
      ? [change.path]
      : [],
  );
}

/** What users decided about these artifacts: all, some, or none of them taken. An empty list counts as accepted. */
export function acceptanceOf(
  state: SessionState,
  paths: readonly string[],
): { readonly verdict: Verdict } & Readonly<Record<Verdict, readonly string[]>> {
  const found: Record<Verdict, string[]> = { accepted: [], partly: [], rejected: [] };
  const wanted = new Set(paths);
  for (const change of artifactsOf(state.score.scope)) {
    if (!wanted.has(change.path)) continue;
    const verdict = verdictAbout(state, change);
    if (verdict !== undefined) found[verdict].push(change.path);
  }
  const { accepted, partly, rejected } = found;
  const all = partly.length > 0 ? undefined : rejected.length === 0 ? "accepted" : "rejected";
  const isMixed = accepted.length > 0 && rejected.length > 0;
  return { verdict: all === undefined || isMixed ? "partly" : all, ...found };
}
