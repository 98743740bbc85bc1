import type { JSX } from "preact";
import { numberText } from "../ui/format";
import { Button } from "../ui/toolkit";
import type { VisibleRows } from "./list";

export interface PagerProps {
  /** undefined: nothing is visible. */
  readonly visible: VisibleRows | undefined;
  readonly count: number;
  /** More events may come. */
  readonly live: boolean;
  readonly following: boolean;
  readonly onBack: () => void;
  readonly onEnd: () => void;
  readonly onFollow: (follow: boolean) => void;
}

/** Above a list: which part of it is visible, buttons for the other parts, and whether it follows what comes. */
export function Pager({ visible, count, live, following, ...on }: PagerProps): JSX.Element | null {
  if (count === 0) return null;
  const isWhole = visible !== undefined && visible.last - visible.first + 1 >= count;
  if (isWhole && !live) return null;
  const places = visible === undefined ? [] : [visible.first + 1, visible.last + 1].map(numberText);
  return (
    <div class="pager" role="group" aria-label="Place in the list">
      {!isWhole && (
        <>
          <Button
            icon="arrow-up"
            title="A screen back. In the list: PageUp; Home for the first event"
            harmless
            onPress={on.onBack}
          >
            Earlier events
          </Button>
          <Button
            icon="arrow-down"
            title="The end of the list, where new events come. In the list: End"
            harmless
            onPress={on.onEnd}
          >
            Latest events
          </Button>
        </>
      )}
      {live && (
        <button
          class="follow"
          type="button"
          aria-pressed={following}
          title="Keeps the newest event visible. Scrolling back turns it off"
          onClick={() => on.onFollow(!following)}
        >
          <span class={`codicon codicon-${following ? "pinned" : "pin"}`} aria-hidden="true" />
          Follow
        </button>
      )}
      <span class="hint">
        {places.length === 2 && `${places.join(" – ")} of ${numberText(count)}`}
        {live && followText(following, visible, count)}
      </span>
    </div>
  );
}

function followText(following: boolean, visible: VisibleRows | undefined, count: number): string {
  const below = visible === undefined ? 0 : count - 1 - visible.last;
  if (following) return "; follows the newest";
  return below > 0 ? `; not following, ${numberText(below)} below` : "; not following";
}
