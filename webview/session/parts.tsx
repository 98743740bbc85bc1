import type { JSX } from "preact";
import type {
  ArtifactAction,
  ArtifactRow,
  EventDetails,
  EventFilter,
  StreamInfo,
} from "../../src/protocol/session-panel";
import { numberText, plural } from "../ui/format";
import { Button, Dropdown, TextField } from "../ui/toolkit";
import type { VisibleRows } from "./list";

export interface ToolbarProps {
  readonly info: StreamInfo | undefined;
  readonly filter: EventFilter;
  readonly onFilter: (filter: EventFilter) => void;
  readonly onArtifact?: (action: ArtifactAction, row: ArtifactRow) => void;
  /** The extension has not answered for some time. */
  readonly silent?: boolean;
}

/** Above the list: the session, the number of events, the filters. */
export function Toolbar({
  info,
  filter,
  onFilter,
  onArtifact = () => undefined,
  silent = false,
}: ToolbarProps): JSX.Element {
  if (info === undefined) return <p class="hint">Loading …</p>;
  const { flow, status, session, proven = [], problem } = info;
  return (
    <>
      <div class="title">
        <h2>{flow}</h2>
        <span class="hint">{`${status} · ${session}`}</span>
      </div>
      {proven.length > 0 && (
        <ul class="proven hint" aria-label="Proven">
          {proven.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
      {silent && (
        <p class="problem" role="alert">
          Orket does not answer: this is what was there before. Close this panel and open the session again.
        </p>
      )}
      {problem !== undefined && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <Artifacts rows={info.artifacts} onAction={onArtifact} />
      <div class="filters" role="search" aria-label="Filter events">
        <Dropdown
          label="Type"
          value={filter.type}
          all="All types"
          choices={info.types}
          onChange={(type) => onFilter({ ...filter, type })}
        />
        <Dropdown
          label="Step"
          value={filter.step}
          all="All steps"
          choices={info.steps}
          onChange={(step) => onFilter({ ...filter, step })}
        />
        <TextField
          label="Text"
          value={filter.text}
          placeholder="Filter by text"
          hiddenLabel
          onInput={(text) => onFilter({ ...filter, text })}
        />
        <span class="hint count" role="status">
          {countText(info)}
        </span>
      </div>
    </>
  );
}

interface ArtifactsProps {
  readonly rows: readonly ArtifactRow[];
  readonly onAction: (action: ArtifactAction, row: ArtifactRow) => void;
}

/** The team's proposals, with buttons for every decision. Rows keep their places, and so does each button. */
function Artifacts({ rows, onAction }: ArtifactsProps): JSX.Element | null {
  if (rows.length === 0) return null;
  const open = rows.filter((row) => row.open).length;
  return (
    <details class="artifacts" open>
      <summary>{`Artifacts: ${plural(rows.length, "file")}, ${open === 0 ? "all decided" : `${open} to review`}`}</summary>
      <ul aria-label="Artifacts">
        {rows.map((row) => (
          <li key={row.path}>
            <span class="path">
              {row.renamedFrom === undefined ? row.path : `${row.renamedFrom} → ${row.path}`}
            </span>
            <span class="hint">{factsOf(row)}</span>
            <span class="buttons">
              <Button harmless title={`Diff of ${row.path}`} onPress={() => onAction("diff", row)}>
                Diff
              </Button>
              <Button
                about={`${row.path} ${row.shown ?? ""}`}
                title={`Accept ${row.path}`}
                hidden={!row.open}
                onPress={() => onAction("accept", row)}
              >
                Accept
              </Button>
              <Button
                about={row.path}
                title={`Reject ${row.path}`}
                hidden={!row.open}
                onPress={() => onAction("reject", row)}
              >
                Reject
              </Button>
              <Button
                about={row.path}
                title={`Revert ${row.path}`}
                hidden={!row.decided}
                onPress={() => onAction("revert", row)}
              >
                Revert
              </Button>
              <Button
                harmless
                title={`Versions of ${row.path} over the steps`}
                onPress={() => onAction("history", row)}
              >
                History
              </Button>
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}

function factsOf({ change, state, own, added, removed }: ArtifactRow): string {
  const counts = added === undefined ? "" : `+${added} −${removed ?? 0}`;
  return [change, state, own === true ? "your version" : "", counts]
    .filter((text) => text !== "")
    .join(" · ");
}

function countText({ matching, total, scanned }: StreamInfo): string {
  const all = plural(total, "event");
  if (scanned !== undefined) {
    const percent = Math.floor((100 * scanned) / total);
    return `${numberText(matching)} of ${all}, ${percent} % looked through`;
  }
  return matching === total ? all : `${numberText(matching)} of ${all}`;
}

export interface PagerProps {
  readonly visible: VisibleRows;
  readonly count: number;
  readonly onBack: () => void;
  readonly onEnd: () => void;
}

/** Above the list when it is longer than the screen: which part is visible, and buttons for the other parts. */
export function Pager({ visible, count, onBack, onEnd }: PagerProps): JSX.Element | null {
  if (visible.last - visible.first + 1 >= count) return null;
  const [first, last] = [visible.first + 1, visible.last + 1].map((place) => numberText(place));
  return (
    <div class="pager" role="group" aria-label="Place in the list">
      <Button
        icon="arrow-up"
        title="A screen back. In the list: PageUp; Home for the first event"
        harmless
        onPress={onBack}
      >
        Earlier events
      </Button>
      <Button
        icon="arrow-down"
        title="The end of the list, where new events come. In the list: End"
        harmless
        onPress={onEnd}
      >
        Latest events
      </Button>
      <span class="hint">{`${first} – ${last} of ${numberText(count)}`}</span>
    </div>
  );
}

/** What the list shows when it has no rows. */
export function emptyText(info: StreamInfo | undefined): string {
  if (info === undefined) return "";
  if (info.total === 0) return "No event yet.";
  if (info.matching > 0) return "";
  return info.scanned === undefined ? "No event matches the filter." : "Looking …";
}

export interface DetailsProps {
  readonly details: EventDetails | undefined;
  readonly selected: boolean;
  readonly onCopy: (text: string) => void;
}

/** Beside the list: everything about the selected event. */
export function DetailsPane({ details, selected, onCopy }: DetailsProps): JSX.Element {
  if (details === undefined) {
    return <p class="hint">{selected ? "Loading …" : "Select an event to see its data."}</p>;
  }
  const { seq, type, step, at, texts, json } = details;
  return (
    <div key={seq} class="details-content">
      <div class="title">
        <h3>{`${seq} ${type}`}</h3>
        <span class="hint">{[step ?? "", at].filter((text) => text !== "").join(" · ")}</span>
      </div>
      {texts.map(({ label, text }, index) => (
        <section key={`${label} ${index}`}>
          <h4>{label}</h4>
          <Raw label={label} text={text.text} />
          {text.cutFrom !== undefined && (
            <p class="hint">
              {`Cut after ${numberText(text.text.length)} of ${numberText(text.cutFrom)} characters.`}
            </p>
          )}
        </section>
      ))}
      <section>
        <h4>Data</h4>
        <Raw label="Data" text={json} />
      </section>
      <div class="buttons">
        <Button icon="copy" harmless onPress={() => onCopy(json)}>
          Copy data
        </Button>
      </div>
    </div>
  );
}

function Raw({ label, text }: { readonly label: string; readonly text: string }): JSX.Element {
  return (
    <pre class="text" tabIndex={0} role="region" aria-label={label}>
      {text}
    </pre>
  );
}
