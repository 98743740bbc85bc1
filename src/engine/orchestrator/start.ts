import { currentVersions } from "../event/versions";
import { draft, journalFormat } from "../event/event";
import type { EventData, EventDraft } from "../event/event";
import type { BlobRef } from "../event/content";
import type { Definition } from "../model/definition";

/** The journal's first event. */
export function startEvent(facts: {
  readonly engine: string;
  readonly session: string;
  readonly definition: Definition;
  readonly digest: BlobRef;
  readonly startedBy: "command_line" | "editor" | "library";
  readonly forkedFrom?: EventData<"session_start">["forked_from"];
}): EventDraft {
  return draft("session_start", null, {
    format: journalFormat,
    engine: facts.engine,
    prompt_builder: currentVersions.promptBuilder,
    call_reader: currentVersions.callReader,
    session: facts.session,
    flow: facts.definition.flow.name,
    definition: facts.digest,
    provider: facts.definition.venue.provider,
    started_by: facts.startedBy,
    ...(facts.forkedFrom === undefined ? {} : { forked_from: facts.forkedFrom }),
  });
}
