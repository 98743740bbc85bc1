import type { SessionController } from "../../app/session/controller";
import type { ArtifactView } from "../../engine/view/session-view";

/** One artifact of one session, as the user saw it. */
export interface ArtifactChoice {
  readonly controller: SessionController;
  readonly artifact: ArtifactView;
  /** Digest of what was shown; absent where nothing was shown. */
  readonly shown?: string;
}
