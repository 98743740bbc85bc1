import type { BlobRef, Content } from "../event/content";
import type { DecidedBy, EventData } from "../event/event";
import type { TokenUsage } from "../event/tokens";
import type { Definition } from "../model/definition";
import type { Limits } from "../model/flow";
import { noFacts } from "../conductor/drift/facts";
import type { DriftFacts } from "../conductor/drift/facts";
import { versionsOf } from "../event/versions";
import type { MakingVersions } from "../event/versions";
import type { AnsweringModel } from "../port/model-provider";
import { startBranch } from "./cursor";
import type { Branch } from "./cursor";
import { PersistentList } from "./persistent-list";
import { PersistentMap } from "./persistent-map";
import { stepIdOf, topPlace } from "./place";
import type { RoleChanges } from "./role-changes";
import { emptyScope } from "./scope";
import type { PendingAdjustment } from "./withdrawal";

/** One step run as users see it, from its start to its end. */
export interface StepRecord {
  readonly key: string;
  readonly id: string;
  readonly role: string;
  /** What takes the place of an agent; undefined: the role is at work. */
  readonly kind: EventData<"step_start">["kind"];
  /** The item of the `each` around it, for display. */
  readonly item: string | undefined;
  readonly status: "running" | "done" | "failed" | "skipped";
  readonly attempt: number;
  readonly turns: number;
  readonly tokens: TokenUsage;
  readonly costUsd: number | undefined;
  readonly verdict: string | undefined;
  readonly summary: Content | undefined;
  /** Why it failed or was skipped. */
  readonly reason: string | undefined;
  readonly startedAt: string;
  readonly endedAt: string | undefined;
}

/** What the session has used, and what open calls have reserved. */
export interface Spending {
  readonly tokens: TokenUsage;
  readonly byRole: Readonly<Record<string, TokenUsage>>;
  /** undefined: the Venue gives no prices. */
  readonly costUsd: number | undefined;
  readonly modelCalls: number;
  /** Tokens counted against the limit: measured ones, and the upper bound where nothing was measured. */
  readonly limitTokens: number;
  readonly limitUsd: number;
  readonly reservedTokens: number;
  readonly reservedUsd: number;
  /** Working time, in milliseconds; waiting for a person does not count. */
  readonly activeMs: number;
}

export type PauseReason = EventData<"session_paused">["reason"];

/** What a person decided about an artifact. */
export type ArtifactDecision =
  | {
      readonly kind: "accepted";
      readonly content: BlobRef | null;
      readonly replaced: BlobRef | null;
      readonly of: BlobRef | null;
      /** The version may be executed. */
      readonly executable?: true;
      /** What is still proposed, and what it is a change of; absent when all of it is decided. */
      readonly rest?: ProposedChange;
      /** Part of the version was refused before. */
      readonly refused?: true;
    }
  | {
      readonly kind: "rejected";
      readonly of: BlobRef | null;
      /** The version may be executed. */
      readonly executable?: true;
      readonly reason?: string;
      /** Steps that begin later are told. */
      readonly told?: true;
      readonly rest?: ProposedChange;
      /** The previous decision, restored if a rejection is taken back. */
      readonly over?: ArtifactDecision;
    };

/** A version that is proposed, and what it was made from; null: no file. */
export interface ProposedChange {
  readonly base: BlobRef | null;
  readonly content: BlobRef | null;
}

/** An acceptance that is in effect. */
export interface Acceptance {
  /** From the event `artifact_accepted`. */
  readonly seq: number;
  readonly content: BlobRef | null;
  readonly replaced: BlobRef | null;
  /** The version that it was chosen from. */
  readonly of: BlobRef | null;
  readonly mode: EventData<"artifact_accepted">["mode"];
  /** The file's content with all of the proposal. */
  readonly goal: BlobRef | null;
  /** Permission bits of the file that was replaced. */
  readonly fileMode?: number;
  /** The file became executable with it. */
  readonly madeExecutable?: true;
  /** The other half, where a moved file was accepted: both are taken back together. */
  readonly renamedFrom?: string;
  readonly renamedTo?: string;
}

/** An acceptance that was taken back: the content of the project's file with it, and after it. */
export interface UndoneAcceptance extends Acceptance {
  readonly from: BlobRef | null;
  readonly to: BlobRef | null;
  /** The one that was taken back before it, and not accepted again since. */
  readonly earlier?: UndoneAcceptance;
}

/** A suggestion that waits for a person. */
export interface OpenSuggestion extends EventData<"suggestion"> {
  /** The step run that it is about. */
  readonly step: string;
  readonly seq: number;
}

/** What was suggested, by the rule and the step's id: a rule makes one suggestion per step. */
export function suggestionKey(rule: string, stepKey: string): string {
  return `${rule} ${stepIdOf(stepKey)}`;
}

/** Everything that is known about a session: always the fold of its events. */
export interface SessionState {
  /** The current values: the session's definition, its Venue, and users' changes to its roles. */
  readonly definition: Definition;
  /** The same without users' changes to its roles. */
  readonly written: Definition;
  readonly roleChanges: RoleChanges;
  /** Adjustments that have had no effect yet, oldest first. */
  readonly pending: readonly PendingAdjustment[];
  readonly session: string;
  readonly engine: string;
  /** The versions that made its prompts and read its calls, according to its first event. */
  readonly versions: MakingVersions;
  readonly startedAt: string;
  readonly lastAt: string;
  /** The Venue that a person changed to; null: the definition's own. Already applied in `definition`. */
  readonly changedVenue: Definition["venue"] | null;
  /** Number of events folded. */
  readonly events: number;
  /** Of a fork: how many events it took over; 0 otherwise. */
  readonly inherited: number;
  readonly status: "new" | "running" | "paused" | "ended";
  readonly pause: { readonly reason: PauseReason; readonly message: string } | null;
  readonly outcome: "completed" | "stopped" | null;
  readonly score: Branch;
  readonly steps: PersistentList<StepRecord>;
  readonly planned: boolean;
  /** The run whose result was recorded last, until an event other than a resulting adjustment occurs. */
  readonly justEnded: string | null;
  /** The facts for the drift rules. */
  readonly drift: DriftFacts;
  /** Suggestions without a decision, oldest first. */
  readonly suggestions: readonly OpenSuggestion[];
  /** The suggestions so far: the rule and the step, each once. */
  readonly suggested: readonly string[];
  /** A drift rule asks for a pause, as the Flow says: the sentence of its suggestion. */
  readonly driftPause: string | null;
  readonly disabledRoles: Readonly<Record<string, DecidedBy>>;
  /** Steps to skip when they come next, by id or by run key. */
  readonly skips: Readonly<Record<string, { readonly by: DecidedBy; readonly reason: string }>>;
  /** Instructions that a person changed, by step id or run key. */
  readonly patches: Readonly<Record<string, string>>;
  readonly pauseRequested: { readonly reason: PauseReason; readonly message: string } | null;
  readonly stopRequested: boolean;
  readonly limits: Limits;
  readonly limitHit: EventData<"limit_reached"> | null;
  readonly spending: Spending;
  /** Answered model calls by step id. */
  readonly answeredCalls: PersistentMap<number>;
  /** Failed tries since the last answered call, by step id, where there are any; those that a person or a crash cut short do not count. */
  readonly failedTries: Readonly<Record<string, number>>;
  /** By the requested model: the nodes and digests that answered so far. Only a mesh names nodes. */
  readonly answeredBy: Readonly<Record<string, readonly AnsweringModel[]>>;
  /** Moves of calls to a model that is a different one, or cannot be shown to be the same. */
  readonly digestChanges: number;
  readonly approvals: number;
  readonly questions: number;
  /** Steps that were left out although the Score does not say so, in order. */
  readonly waived: readonly { readonly step: string; readonly by: DecidedBy; readonly reason: string }[];
  /** Runs that failed and after which a group continued, in order. */
  readonly lost: readonly string[];
  /** Loops that continued although their `until` never became true, in order. */
  readonly unfinished: readonly string[];
  readonly decisions: Readonly<Record<string, ArtifactDecision>>;
  /** Acceptances that were taken back: path to the digest that the file got again; null: it was removed again. */
  readonly reverted: Readonly<Record<string, string | null>>;
  /** The acceptances in effect, by path, oldest first. */
  readonly acceptances: Readonly<Record<string, readonly Acceptance[]>>;
  /** The acceptance of a path that was taken back last. */
  readonly undone: Readonly<Record<string, UndoneAcceptance>>;
}

/** A session before its first event. */
export function initialState(definition: Definition): SessionState {
  const disabledRoles: Record<string, DecidedBy> = {};
  for (const role of definition.flow.conductor.disabled_roles) disabledRoles[role] = "conductor";
  return {
    definition,
    written: definition,
    roleChanges: {},
    pending: [],
    session: "",
    engine: "",
    versions: versionsOf({}),
    startedAt: "",
    lastAt: "",
    changedVenue: null,
    events: 0,
    inherited: 0,
    status: "new",
    pause: null,
    outcome: null,
    score: startBranch(definition.score.steps, emptyScope, topPlace, definition.flow),
    steps: PersistentList.empty(),
    planned: false,
    justEnded: null,
    drift: noFacts,
    suggestions: [],
    suggested: [],
    driftPause: null,
    disabledRoles,
    skips: {},
    patches: {},
    pauseRequested: null,
    stopRequested: false,
    limits: definition.flow.limits,
    limitHit: null,
    spending: {
      tokens: {},
      byRole: {},
      costUsd: undefined,
      modelCalls: 0,
      limitTokens: 0,
      limitUsd: 0,
      reservedTokens: 0,
      reservedUsd: 0,
      activeMs: 0,
    },
    answeredCalls: PersistentMap.empty(),
    failedTries: {},
    answeredBy: {},
    digestChanges: 0,
    approvals: 0,
    questions: 0,
    waived: [],
    lost: [],
    unfinished: [],
    decisions: {},
    reverted: {},
    acceptances: {},
    undone: {},
  };
}

/** The newest record of a step run. */
export function findRecord(state: SessionState, key: string): StepRecord | undefined {
  for (let index = state.steps.length - 1; index >= 0; index -= 1) {
    const record = state.steps.at(index);
    if (record?.key === key) return record;
  }
  return undefined;
}
