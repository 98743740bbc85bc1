import type { JSX } from "preact";
import { Button } from "../ui/toolkit";
import type { SessionContext } from "./context";
import { isPending } from "./store";

/** Adjustments that have had no effect yet; each can be withdrawn. */
export function PendingList({ session, mayAct, ask, state }: SessionContext): JSX.Element | null {
  if (session.pending.length === 0) return null;
  return (
    <section aria-label="Adjustments to come">
      <h3 class="section">Adjustments to come</h3>
      <ul class="pending">
        {session.pending.map(({ seq, text }) => {
          const about = `adjustment ${seq}`;
          return (
            <li key={seq}>
              <span class="grow">{text}</span>
              {mayAct && (
                <Button
                  icon="discard"
                  about={about}
                  disabled={isPending(state, about)}
                  onPress={() => ask({ type: "withdraw", of: seq }, about)}
                >
                  Take back
                </Button>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
