import { plural } from "../ui/format";
import { button } from "../ui/toolkit";
import { h } from "../ui/vdom";
import type { Child } from "../ui/vdom";
import type { SessionContext } from "./context";

/** What the team proposes, and the way to it. */
export function artifactLine({ session, send }: SessionContext): Child {
  const { pending, accepted, rejected } = session.artifacts;
  if (pending + accepted + rejected === 0) {
    return (
      session.status === "ended" && h("p", { key: "artifacts", class: "hint" }, "The team proposed no files.")
    );
  }
  const parts = [
    pending > 0 ? `${pending} to review` : "",
    accepted > 0 ? `${accepted} accepted` : "",
    rejected > 0 ? `${rejected} rejected` : "",
  ].filter((text) => text !== "");
  return h(
    "section",
    { key: "artifacts", class: "artifacts", attrs: { "aria-label": "Artifacts" } },
    h(
      "p",
      {},
      h("strong", {}, plural(pending + accepted + rejected, "file")),
      ` proposed: ${parts.join(", ")}.`,
    ),
    pending > 0 &&
      h(
        "div",
        { class: "buttons" },
        button("Review changes", {
          icon: "diff",
          primary: session.status === "ended",
          onPress: () => send({ type: "open", what: "artifacts" }),
        }),
      ),
  );
}
