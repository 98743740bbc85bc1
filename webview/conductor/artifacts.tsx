import type { JSX } from "preact";
import { plural } from "../ui/format";
import { Button } from "../ui/toolkit";
import type { SessionContext } from "./context";

/** A line about the team's proposals, with a link to them. */
export function ArtifactLine({ session, send }: SessionContext): JSX.Element | null {
  const { pending, accepted, rejected } = session.artifacts;
  if (pending + accepted + rejected === 0) {
    return session.status === "ended" ? <p class="hint">The team proposed no files.</p> : null;
  }
  const parts = [
    pending > 0 ? `${pending} to review` : "",
    accepted > 0 ? `${accepted} accepted` : "",
    rejected > 0 ? `${rejected} rejected` : "",
  ].filter((text) => text !== "");
  return (
    <section class="artifacts" aria-label="Artifacts">
      <p>
        <strong>{plural(pending + accepted + rejected, "file")}</strong>
        {` proposed: ${parts.join(", ")}.`}
      </p>
      {pending > 0 && (
        <div class="buttons">
          <Button
            icon="diff"
            primary={session.status === "ended"}
            harmless
            onPress={() => send({ type: "open", what: "artifacts" })}
          >
            Review changes
          </Button>
        </div>
      )}
    </section>
  );
}
