import { Component } from "preact";
import type { JSX } from "preact";
import type { PartScreen, ShownText, TranscriptRow } from "../../src/protocol/session-panel";
import { numberText } from "../ui/format";
import { Icon, Link } from "../ui/toolkit";
import { timeText } from "./time";
import { partKey, streamOf } from "./transcript-state";
import type { Streams } from "../ui/streams";

const icons: Readonly<Record<TranscriptRow["kind"], string>> = {
  session: "milestone",
  step: "play-circle",
  prompt: "arrow-right",
  reply: "comment",
  tool: "tools",
  file: "diff-modified",
  verdict: "law",
  check: "terminal",
  question: "question",
  answer: "person",
  adjustment: "settings",
  failure: "error",
  end: "check",
};

/** What the reader can do with an entry. */
export interface EntryActions {
  readonly onFold: (part: PartScreen, open: boolean) => void;
  readonly onOpen: (seq: number, id: string) => void;
  readonly onCopy: (seq: number, id: string) => void;
  readonly onDiff: (seq: number, path: string) => void;
  readonly onEvent: (index: number) => void;
}

interface EntriesProps extends EntryActions {
  readonly entries: readonly TranscriptRow[];
  readonly texts: ReadonlyMap<string, ShownText | undefined>;
  readonly streams: Streams;
  readonly count: number;
}

/** Entries of the transcript, as a feed: any number of them, of which a part is loaded. */
export function Entries({ entries, streams, ...others }: EntriesProps): JSX.Element {
  return (
    <>
      {entries.map((entry) => (
        <Entry key={entry.seq} entry={entry} stream={streamOf(entry, streams)} {...others} />
      ))}
    </>
  );
}

interface EntryProps extends EntryActions {
  readonly entry: TranscriptRow;
  /** The text that it is still receiving. */
  readonly stream: string | undefined;
  readonly texts: ReadonlyMap<string, ShownText | undefined>;
  readonly count: number;
}

/** Draws an entry again only if it has changed: text streams into one of hundreds. */
class Entry extends Component<EntryProps> {
  override shouldComponentUpdate({ entry, stream, texts, count }: EntryProps): boolean {
    const { props } = this;
    return entry !== props.entry || stream !== props.stream || texts !== props.texts || count !== props.count;
  }

  override render(): JSX.Element {
    return <EntryContent {...this.props} />;
  }
}

function EntryContent({ entry, stream, texts, count, ...actions }: EntryProps): JSX.Element {
  const { seq, index, at, kind, head, facts, tone, say, parts, files = [], open } = entry;
  const id = `entry-${seq}`;
  return (
    <article
      class={`entry ${kind}${tone === undefined ? "" : ` ${tone}`}`}
      data-index={index}
      aria-posinset={index + 1}
      aria-setsize={count}
      aria-labelledby={id}
      tabIndex={-1}
    >
      <div class="entry-head">
        <Icon
          name={open === true ? "loading" : icons[kind]}
          class={`entry-icon${open === true ? " codicon-modifier-spin" : ""}`}
        />
        {kind === "step" ? (
          <h3 id={id} class="entry-name">
            {head}
          </h3>
        ) : (
          <span id={id} class="entry-name">
            {head}
          </span>
        )}
        {facts.length > 0 && <span class="hint entry-facts">{facts.join(" · ")}</span>}
        <span class="entry-place hint">
          {timeText(at)}{" "}
          <Link title={`Show event ${seq} among the events`} onPress={() => actions.onEvent(index)}>
            {`#${seq}`}
          </Link>
        </span>
      </div>
      {(stream !== undefined || say !== undefined || parts.length > 0 || files.length > 0) && (
        <div class="entry-body">
          {stream !== undefined && <div class="said">{stream}</div>}
          {say !== undefined && <p class="say">{say}</p>}
          {files.map((file) => (
            <p key={file.path} class="files">
              {!head.endsWith(file.path) && <span class="path">{`${file.path} `}</span>}
              <Link onPress={() => actions.onDiff(file.seq, file.path)}>Show changes</Link>
            </p>
          ))}
          {parts.map((part, place) => (
            <Part key={`${place} ${part.id}`} part={part} texts={texts} {...actions} />
          ))}
        </div>
      )}
    </article>
  );
}

interface PartProps extends EntryActions {
  readonly part: PartScreen;
  readonly texts: ReadonlyMap<string, ShownText | undefined>;
}

/** A text: shown at once, or folded and then loaded when it is opened. */
function Part({ part, texts, onFold, ...actions }: PartProps): JSX.Element {
  const { seq, id, label, size, text } = part;
  if (text !== undefined) {
    return (
      <div class="part">
        <Shown label={label} text={text} plain />
        <PartLinks part={part} {...actions} />
      </div>
    );
  }
  const key = partKey(seq, id);
  const loaded = texts.get(key);
  const isOpen = texts.has(key);
  return (
    <details class="part" open={isOpen} onToggle={(event) => onFold(part, event.currentTarget.open)}>
      <summary>
        {label} <span class="hint">{size}</span>
      </summary>
      {isOpen &&
        (loaded === undefined ? <p class="hint">Loading …</p> : <Shown label={label} text={loaded} />)}
      {isOpen && <PartLinks part={part} {...actions} />}
    </details>
  );
}

function PartLinks({ part, onOpen, onCopy }: Pick<PartProps, "part" | "onOpen" | "onCopy">): JSX.Element {
  const { seq, id } = part;
  return (
    <p class="part-links">
      <Link onPress={() => onOpen(seq, id)}>Open in editor</Link>
      <Link onPress={() => onCopy(seq, id)}>Copy</Link>
      {id.startsWith("message ") && <Link onPress={() => onOpen(seq, "whole")}>Open the whole prompt</Link>}
    </p>
  );
}

/** Texts that the head of their entry names already. */
const plainLabels: ReadonlySet<string> = new Set(["Reply", "Question"]);

function Shown({
  label,
  text,
  plain = false,
}: {
  readonly label: string;
  readonly text: ShownText;
  readonly plain?: boolean;
}): JSX.Element {
  return (
    <>
      {plain && !plainLabels.has(label) && <p class="hint part-label">{label}</p>}
      {plain ? (
        <div class="said">{text.text}</div>
      ) : (
        <pre class="text" tabIndex={0} role="region" aria-label={label}>
          {text.text}
        </pre>
      )}
      {text.cutFrom !== undefined && (
        <p class="hint">{`Cut after ${numberText(text.text.length)} of ${numberText(text.cutFrom)} characters.`}</p>
      )}
    </>
  );
}
