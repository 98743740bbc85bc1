import { artifactsOf } from "./scope";
import type { ArtifactChange } from "./scope";
import type { SessionState } from "./state";

/** Whether a change proposes anything: a file that was made and removed again does not. */
function isProposal({ base, content }: ArtifactChange): boolean {
  if (content === null) return base !== null;
  return base === null || base.sha256 !== content.sha256;
}

/** What a person decided about an artifact in its current state; undefined: nothing yet. */
function decisionAbout(state: SessionState, change: ArtifactChange): "accepted" | "rejected" | undefined {
  const decision = state.decisions[change.path];
  if (decision === undefined || decision.of?.sha256 !== change.content?.sha256) return undefined;
  // Part of it is still proposed.
  return decision.rest === undefined ? decision.kind : undefined;
}

/** Those of the paths about which a person must still decide. */
export function openPaths(state: SessionState, paths: readonly string[]): string[] {
  const wanted = new Set(paths);
  return artifactsOf(state.score.scope).flatMap((change) =>
    wanted.has(change.path) && isProposal(change) && decisionAbout(state, change) === undefined
      ? [change.path]
      : [],
  );
}

/** What users decided about these artifacts: all, some, or none of them taken. An empty list counts as accepted. */
export function acceptanceOf(
  state: SessionState,
  paths: readonly string[],
): {
  readonly verdict: "accepted" | "partly" | "rejected";
  readonly accepted: string[];
  readonly rejected: string[];
} {
  const accepted: string[] = [];
  const rejected: string[] = [];
  const wanted = new Set(paths);
  for (const change of artifactsOf(state.score.scope)) {
    if (!wanted.has(change.path)) continue;
    const decision = decisionAbout(state, change);
    if (decision === "accepted") accepted.push(change.path);
    if (decision === "rejected") rejected.push(change.path);
  }
  const verdict = rejected.length === 0 ? "accepted" : accepted.length === 0 ? "rejected" : "partly";
  return { verdict, accepted, rejected };
}
