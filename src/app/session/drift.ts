import { driftAfter, suggestionOf } from "../../engine/conductor/after-step";
import { claimedFiles, namedFiles } from "../../engine/conductor/drift/named-files";
import type { EventData, EventOf, SessionEvent } from "../../engine/event/event";
import { apply } from "../../engine/state/apply";
import { initialState, suggestionKey } from "../../engine/state/state";
import type { SessionState } from "../../engine/state/state";
import { eventPieces, eventsOf } from "./event-pieces";
import type { Snapshot } from "./snapshot";

/** What a rule of this version reports about a recorded session. */
export interface BackTested extends EventData<"suggestion"> {
  readonly step: string;
  /** The `seq` of the event after which it is reported. */
  readonly seq: number;
  /** Whether the run itself reported it, and what was decided about it; absent: it did not. */
  readonly recorded?: "open" | EventData<"suggestion_resolved">["decision"];
}

/** Most documents of a step that are searched for file names, and their greatest length in bytes. */
const [maxDocuments, maxDocumentBytes] = [5, 65_536];

/**
 * Applies the drift rules of this version to a recorded session, whatever its Flow set. Pure over the events; only for
 * a session that was recorded before the rules are the texts searched for file names.
 * @throws {OrketError} journal_damaged, disk_failed, blob_missing.
 */
export async function backTest(
  snapshot: Pick<Snapshot, "state" | "readEvents" | "readText">,
): Promise<BackTested[]> {
  let state: SessionState = initialState(snapshot.state.definition);
  const found: BackTested[] = [];
  const recorded = new Map<string, NonNullable<BackTested["recorded"]>>();
  const keys = new Map<string, string>();
  for await (const piece of eventPieces(eventsOf(snapshot))) {
    for (const event of piece) {
      if (event.type === "suggestion") {
        const key = suggestionKey(event.data.rule, event.step ?? "");
        recorded.set(key, "open");
        keys.set(event.data.id, key);
        continue;
      }
      if (event.type === "suggestion_resolved") {
        recorded.set(keys.get(event.data.id) ?? "", event.data.decision);
        continue;
      }
      state = apply(state, await withNames(event, state, snapshot));
      const ends = event.type === "step_end" || (event.type === "step_failed" && !event.data.will_retry);
      if (!ends || event.step === null) continue;
      const { step } = event;
      for (let drift = driftAfter(state, step); drift !== null; drift = driftAfter(state, step)) {
        found.push({ ...suggestionOf(state, drift), step, seq: event.seq });
        state = { ...state, suggested: [...state.suggested, suggestionKey(drift.rule, step)] };
      }
    }
  }
  return found.map((one) => {
    const decision = recorded.get(suggestionKey(one.rule, one.step));
    return decision === undefined ? one : { ...one, recorded: decision };
  });
}

/** The end of a step with the files that its texts name, as a run of this version would have recorded it. */
async function withNames(
  event: SessionEvent,
  { versions, definition }: SessionState,
  { readText }: Pick<Snapshot, "readText">,
): Promise<SessionEvent> {
  const isNamed = versions.driftRules !== 0 && definition.flow.conductor.drift !== "off";
  if (event.type !== "step_end" || isNamed) return event;
  const report = await readText(event.data.summary);
  const documents = await documentsOf(event, readText);
  const result = event.data.result === undefined ? [] : [JSON.stringify(event.data.result)];
  const names = namedFiles([report, ...result, ...documents].join("\n"));
  return { ...event, data: { ...event.data, names, claims: claimedFiles(report) } };
}

async function documentsOf(event: EventOf<"step_end">, readText: Snapshot["readText"]): Promise<string[]> {
  const texts: string[] = [];
  for (const { path, content } of event.data.artifacts) {
    if (content === null || content.bytes > maxDocumentBytes || !/\.(?:md|txt|rst)$/i.test(path)) continue;
    if (texts.length === maxDocuments) break;
    texts.push(await readText(content));
  }
  return texts;
}
