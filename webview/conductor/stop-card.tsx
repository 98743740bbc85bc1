import type { JSX } from "preact";
import { Button } from "../ui/toolkit";
import { Card } from "./cards";
import type { SessionContext } from "./context";
import { lostByStop, stopIsFinal, whatStopKeeps } from "../../src/protocol/lost-by-stop";
import { isPending } from "./store";

/** The draft that records that the user pressed Stop and has not confirmed it yet. */
export const stopAsked = "stop";

/** Asks for confirmation before the session ends, if something would be lost: ending is final. */
export function StopCard({ session, state, ask, send, draft, mayAct }: SessionContext): JSX.Element | null {
  const lost = lostByStop(session);
  if (!mayAct || session.status === "ended" || state.drafts[stopAsked] === undefined) return null;
  const shared = { about: `stop ${session.session}`, disabled: isPending(state, "steer") };
  return (
    <Card about="stop" label="Stop the session?" tone="bad" icon="debug-stop" heading="Stop for good?">
      <p>{[stopIsFinal, ...lost].join(" ")}</p>
      <p class="hint">{whatStopKeeps}</p>
      <div class="buttons">
        <Button icon="debug-stop" {...shared} onPress={() => ask({ type: "steer", what: "stop" }, "steer")}>
          Stop for good
        </Button>
        <Button icon="repo-forked" {...shared} harmless onPress={() => send({ type: "open", what: "fork" })}>
          Fork …
        </Button>
        <Button icon="run" {...shared} harmless onPress={() => send({ type: "open", what: "pick_flow" })}>
          Run again …
        </Button>
        <Button primary {...shared} harmless onPress={() => draft(stopAsked, undefined)}>
          Keep it
        </Button>
      </div>
    </Card>
  );
}
