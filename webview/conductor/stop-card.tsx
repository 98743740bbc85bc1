import type { JSX } from "preact";
import { plural } from "../ui/format";
import { Button } from "../ui/toolkit";
import { Card } from "./cards";
import type { SessionContext } from "./context";
import type { SessionScreen } from "../../src/protocol/conductor";
import { isPending } from "./store";

/** The draft that records that the user pressed Stop and has not confirmed it yet. */
export const stopAsked = "stop";

/** What stopping would lose, one sentence each; empty: nothing. */
export function lostByStop({ steps }: SessionScreen): string[] {
  const working = steps.filter(({ status }) => status === "running").map(({ key }) => key);
  const waiting = steps.filter(({ status }) => status === "waiting").map(({ key }) => key);
  const planned = steps.filter(({ status }) => status === "planned").length;
  return [
    ...(working.length === 0 ? [] : [`What ${working.join(", ")} has under way is lost.`]),
    ...(waiting.length === 0 ? [] : [`What ${waiting.join(", ")} waits for is not answered.`]),
    ...(planned === 0 ? [] : [`${plural(planned, "step")} ${planned === 1 ? "is" : "are"} not performed.`]),
  ];
}

/** Asks for confirmation before the session ends, if something would be lost: ending is final. */
export function StopCard({ session, state, ask, send, draft, mayAct }: SessionContext): JSX.Element | null {
  const lost = lostByStop(session);
  if (!mayAct || session.status === "ended" || state.drafts[stopAsked] === undefined) return null;
  const shared = { about: `stop ${session.session}`, disabled: isPending(state, "steer") };
  return (
    <Card about="stop" label="Stop the session?" tone="bad" icon="debug-stop" heading="Stop for good?">
      <p>{`A session that was stopped does not go on. ${lost.join(" ")}`.trim()}</p>
      <p class="hint">
        What is done stays. A fork goes on from any step that has begun; to go on later, pause instead.
      </p>
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
