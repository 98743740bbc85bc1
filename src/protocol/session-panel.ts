import { eventKinds } from "../engine/view/event-kind";
import type { EventKind } from "../engine/view/event-kind";
import type { AxisGap } from "../engine/view/timeline-axis";
import type { TimelineBar, TimelineLane } from "../engine/view/timeline-layout";
import type { TranscriptEntry, TranscriptPart } from "../engine/view/transcript";
import { known, noUsage } from "../engine/view/usage";
import type { Counted, Usage, UsageRow } from "../engine/view/usage";
import type { LimitName } from "../engine/model/flow";
import type { StreamPart } from "./conductor";
import type { ShownText } from "./shown-text";

export { eventKinds, known, noUsage };
export type { Counted, EventKind, ShownText, TimelineBar, TimelineLane, Usage, UsageRow };

/*
 * Messages between the session panel and the extension. The events stay with the extension, which also filters
 * them; the panel requests the rows that it shows.
 */

/** One event, as a row. */
export interface EventRow {
  readonly seq: number;
  readonly at: string;
  /** The event's type; `words` says it for people. */
  readonly type: string;
  readonly words: string;
  readonly step: string | null;
  readonly text: string;
}

/** A text of an entry of the transcript; one that is folded is sent when it is opened. */
export interface PartScreen extends Omit<TranscriptPart, "content" | "open"> {
  /** How long it is: `1,204 bytes`. */
  readonly size: string;
  readonly text?: ShownText;
}

/** An entry of the transcript. */
export interface TranscriptRow extends Omit<TranscriptEntry, "parts"> {
  /** Its event's place in the filtered list. */
  readonly index: number;
  readonly parts: readonly PartScreen[];
}

/** The views of a session in its panel. */
export const panelViews = ["transcript", "events", "timeline", "usage", "compare"] as const;
export type PanelView = (typeof panelViews)[number];

/** What the team proposes at one path, and its state. */
export interface ArtifactRow {
  readonly path: string;
  /** Where a renamed file is in the project. */
  readonly renamedFrom?: string;
  readonly change: "added" | "changed" | "deleted" | "renamed";
  readonly state: string;
  /** A person must still decide about part of it. */
  readonly open: boolean;
  /** Part of it was decided, which can be taken back. */
  readonly decided: boolean;
  /** It makes a file executable that is not, or creates one that is. */
  readonly executable?: true;
  /** The person has a version of their own, which an acceptance uses. */
  readonly own?: boolean;
  /** Lines; absent where they were not counted, or it is not text. */
  readonly added?: number;
  readonly removed?: number;
  /** Digest of what a decision would be about. */
  readonly shown?: string;
}

/** How far the events were looked through for a view that sums them; absent: all of them. */
interface Survey {
  readonly total: number;
  readonly scanned?: number;
}

/** The part of the session's time from `from` to `to`, as shares of the whole. */
export interface TimelineScreen extends Survey {
  readonly from: number;
  readonly to: number;
  /** The time at both ends, in milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  readonly lanes: readonly TimelineLane[];
  /** Waits that are drawn shorter than they were, by their place in the visible part. */
  readonly gaps: readonly AxisGap[];
}

/** What counts against a limit, in the limit's unit. */
export interface LimitUse {
  readonly limit: LimitName;
  /** undefined: there is no such limit. */
  readonly value: number | undefined;
  readonly used: number;
  /** What calls under way may still use. */
  readonly reserved: number;
}

/** What a session used. */
export interface UsageScreen extends Survey {
  readonly roles: readonly UsageRow[];
  /** The steps that used most, all runs of each together; `otherSteps` further ones are summed in the last row. */
  readonly steps: readonly UsageRow[];
  readonly otherSteps: number;
  readonly session: Usage;
  readonly limits: readonly LimitUse[];
}

/** A step in two sessions. */
export interface ComparedStep {
  readonly key: string;
  /** What differs, in words; `same` where nothing does. */
  readonly differs: string;
  readonly isSame: boolean;
  /** How it ended and what it used, in each of the sessions. */
  readonly left: string;
  readonly right: string;
}

/** Two sessions side by side. */
export interface CompareScreen {
  readonly left: string;
  readonly right: string;
  readonly steps: readonly ComparedStep[];
  /** Further steps than are listed. */
  readonly more: number;
}

/** What a person can do about an artifact. */
export const artifactActions = ["diff", "accept", "reject", "revert", "history"] as const;
export type ArtifactAction = (typeof artifactActions)[number];

/** Which events are shown; an empty field leaves all. */
export interface EventFilter {
  readonly kind: EventKind | "";
  /** The key of a step's run, such as `build#2`, or a step's id, which stands for all its runs. */
  readonly step: string;
  readonly role: string;
  readonly text: string;
}

export const noFilter: EventFilter = { kind: "", step: "", role: "", text: "" };

/** Most steps in one answer to what was typed. */
export const maxStepChoices = 50;

/** A step to choose, with what tells it from others. */
export interface StepChoice {
  readonly value: string;
  readonly about: string;
}

/** Most rows in one answer. */
export const maxRows = 500;

export interface StreamInfo {
  readonly session: string;
  readonly flow: string;
  readonly status: string;
  /** More events may come. */
  readonly live: boolean;
  readonly total: number;
  /** Rows that match the filter. */
  readonly matching: number;
  /** Events that the filter has checked so far; absent: all of them. */
  readonly scanned?: number;
  /** The filter goes on checking; absent: there is nothing to check. */
  readonly looks?: boolean;
  /** Raised when rows moved: rows of another edition cannot be used. */
  readonly edition: number;
  /** Roles, and what takes the place of one. */
  readonly roles: readonly string[];
  /** By path, so that a decision moves no row. */
  readonly artifacts: readonly ArtifactRow[];
  /** What was verified about the session, one sentence each. */
  readonly proven?: readonly string[];
  readonly problem?: string;
}

export interface EventDetails {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly words: string;
  readonly step: string | null;
  /** The event's data as indented JSON. */
  readonly json: string;
  /** Prompts, replies and arguments that the data refers to. */
  readonly texts: readonly { readonly id: string; readonly label: string; readonly text: ShownText }[];
}

export type PanelMessage =
  | { readonly type: "info"; readonly info: StreamInfo }
  | {
      readonly type: "rows";
      readonly edition: number;
      readonly from: number;
      readonly rows: readonly EventRow[];
    }
  /** The entries of the rows from `from` to `to`; rows without one are shown by another's. */
  | {
      readonly type: "transcript";
      readonly edition: number;
      readonly from: number;
      readonly to: number;
      readonly entries: readonly TranscriptRow[];
    }
  /** Streamed text to append; what was streamed for any other step than `steps` is over. */
  | { readonly type: "stream"; readonly parts: readonly StreamPart[]; readonly steps: readonly string[] }
  /** A text of the transcript that was opened. */
  | { readonly type: "part"; readonly seq: number; readonly id: string; readonly text: ShownText }
  /** Steps that match what was typed; `more` further ones do too. */
  | {
      readonly type: "steps";
      readonly text: string;
      readonly choices: readonly StepChoice[];
      readonly more: number;
    }
  | { readonly type: "timeline"; readonly screen: TimelineScreen }
  | { readonly type: "usage"; readonly screen: UsageScreen }
  | { readonly type: "compare"; readonly screen: CompareScreen }
  | { readonly type: "details"; readonly details: EventDetails }
  /** Show the event with this number, whatever the filter was. */
  | { readonly type: "reveal"; readonly seq: number }
  | { readonly type: "failed"; readonly message: string };
