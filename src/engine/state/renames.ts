import { decisionAbout } from "./decisions";
import { changeAt } from "./scope";
import type { ArtifactChange } from "./scope";
import type { SessionState } from "./state";

/**
 * The deletion that belongs to an artifact, where an agent moved a file of the project: the two are decided together.
 * undefined: it was not moved, or the two have diverged since.
 */
export function movedFrom(state: SessionState, change: ArtifactChange): ArtifactChange | undefined {
  if (change.movedFrom === undefined || change.content === null || change.base !== null) return undefined;
  const origin = changeAt(state.score.scope, change.movedFrom);
  if (origin === undefined || origin.content !== null || origin.base === null) return undefined;
  const [here, there] = [decisionAbout(state, change), decisionAbout(state, origin)];
  return here.verdict === there.verdict && here.open === there.open ? origin : undefined;
}
