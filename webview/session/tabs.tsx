import type { JSX } from "preact";
import { panelViews } from "../../src/protocol/session-panel";
import type { PanelView } from "../../src/protocol/session-panel";
import { Icon } from "../ui/toolkit";

const tabs: Readonly<Record<PanelView, { readonly label: string; readonly icon: string }>> = {
  transcript: { label: "Transcript", icon: "comment-discussion" },
  events: { label: "Events", icon: "list-flat" },
  timeline: { label: "Timeline", icon: "graph-line" },
  usage: { label: "Tokens and cost", icon: "graph" },
  compare: { label: "Compare", icon: "git-compare" },
};

/** Where a key leads from a tab; undefined for other keys. */
export function tabAfterKey(key: string, from: PanelView): PanelView | undefined {
  const at = panelViews.indexOf(from);
  const count = panelViews.length;
  switch (key) {
    case "ArrowRight":
      return panelViews[(at + 1) % count];
    case "ArrowLeft":
      return panelViews[(at + count - 1) % count];
    case "Home":
      return panelViews[0];
    case "End":
      return panelViews[count - 1];
    default:
      return undefined;
  }
}

interface TabsProps {
  readonly view: PanelView;
  readonly onView: (view: PanelView) => void;
}

/** The switch between the views of the session. */
export function Tabs({ view, onView }: TabsProps): JSX.Element {
  return (
    <div class="tabs" role="tablist" aria-label="Views of the session">
      {panelViews.map((name) => (
        <button
          key={name}
          id={`tab-${name}`}
          class="tab"
          type="button"
          role="tab"
          aria-selected={name === view}
          aria-controls={name}
          tabIndex={name === view ? 0 : -1}
          onClick={() => onView(name)}
          onKeyDown={(event) => {
            const next = tabAfterKey(event.key, name);
            if (next === undefined) return;
            event.preventDefault();
            onView(next);
            document.getElementById(`tab-${next}`)?.focus();
          }}
        >
          <Icon name={tabs[name].icon} />
          {tabs[name].label}
        </button>
      ))}
    </div>
  );
}
