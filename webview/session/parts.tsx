import type { JSX } from "preact";
import type { ArtifactAction, ArtifactRow, EventDetails, StreamInfo } from "../../src/protocol/session-panel";
import { numberText, plural } from "../ui/format";
import { Button, Link } from "../ui/toolkit";

export interface HeaderProps {
  readonly info: StreamInfo | undefined;
  readonly onArtifact?: (action: ArtifactAction, row: ArtifactRow) => void;
  /** The extension has not answered for some time. */
  readonly silent?: boolean;
}

/** Above all views: the session, what was proven of it, its files. */
export function Header({ info, onArtifact = () => undefined, silent = false }: HeaderProps): JSX.Element {
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
              <Button harmless name={`Diff of ${row.path}`} onPress={() => onAction("diff", row)}>
                Diff
              </Button>
              <Button
                harmless
                name={`History of ${row.path} over the steps`}
                onPress={() => onAction("history", row)}
              >
                History
              </Button>
              <Button
                about={`${row.path} ${row.shown ?? ""}`}
                name={`Accept ${row.path}`}
                hidden={!row.open}
                onPress={() => onAction("accept", row)}
              >
                Accept
              </Button>
              <Button
                about={row.path}
                name={`Reject ${row.path}`}
                hidden={!row.open}
                onPress={() => onAction("reject", row)}
              >
                Reject
              </Button>
              <Button
                about={row.path}
                name={`Revert ${row.path}`}
                hidden={!row.decided}
                onPress={() => onAction("revert", row)}
              >
                Revert
              </Button>
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}

function factsOf({ change, state, executable, own, added, removed }: ArtifactRow): string {
  const counts = added === undefined ? "" : `+${added} −${removed ?? 0}`;
  return [change, state, executable === true ? "executable" : "", own === true ? "your version" : "", counts]
    .filter((text) => text !== "")
    .join(" · ");
}

/** What the list shows when it has no rows. */
export function emptyText(info: StreamInfo | undefined): string {
  if (info === undefined) return "";
  if (info.total === 0) return "No event yet.";
  if (info.matching > 0) return "";
  if (info.scanned === undefined) return "No event matches the filter.";
  return info.looks === false ? "No event matches the filter so far." : "Looking …";
}

export interface DetailsProps {
  readonly details: EventDetails | undefined;
  readonly selected: boolean;
  readonly onCopy: (text: string) => void;
  /** Opens a text of the event in full in an editor. */
  readonly onOpen: (seq: number, id: string) => void;
}

/** Beside the list: everything about the selected event. */
export function DetailsPane({ details, selected, onCopy, onOpen }: DetailsProps): JSX.Element {
  if (details === undefined) {
    return <p class="hint">{selected ? "Loading …" : "Select an event to see its data."}</p>;
  }
  const { seq, type, words, step, at, texts, json } = details;
  return (
    <div key={seq} class="details-content">
      <div class="title">
        <h3>{`${seq} ${words}`}</h3>
        <span class="hint">{[type, step ?? "", at].filter((text) => text !== "").join(" · ")}</span>
      </div>
      {texts.map(({ id, label, text }) => (
        <section key={id}>
          <h4>
            {label} <Link onPress={() => onOpen(seq, id)}>Open in editor</Link>
          </h4>
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
