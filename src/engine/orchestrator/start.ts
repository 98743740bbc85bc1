import { currentVersions } from "../event/versions";
import { draft } from "../event/event";
import { journalFormat } from "../event/format";
import type { EventData, EventDraft } from "../event/event";
import type { BlobRef } from "../event/content";
import type { Definition } from "../model/definition";
import { defined } from "../model/defined";

/** The journal's first event. */
export function startEvent(facts: {
  readonly engine: string;
  readonly session: string;
  readonly definition: Definition;
  readonly digest: BlobRef;
  readonly startedBy: "command_line" | "editor" | "library";
  /** Tokens per byte of a prompt, by model, as earlier sessions measured them. */
  readonly densities?: Readonly<Record<string, number>>;
  /** Roles whose backend was shown to keep to a JSON Schema. */
  readonly schemaRoles?: readonly string[];
  readonly forkedFrom?: EventData<"session_start">["forked_from"];
}): EventDraft {
  return draft("session_start", null, {
    format: journalFormat,
    engine: facts.engine,
    prompt_builder: currentVersions.promptBuilder,
    call_reader: currentVersions.callReader,
    tool_answers: currentVersions.toolAnswers,
    drift_rules: currentVersions.driftRules,
    reasons: currentVersions.reasons,
    acceptances: currentVersions.acceptances,
    reports: currentVersions.reports,
    session: facts.session,
    flow: facts.definition.flow.name,
    definition: facts.digest,
    provider: facts.definition.venue.provider,
    started_by: facts.startedBy,
    ...(Object.keys(facts.densities ?? {}).length === 0
      ? {}
      : {
          calibration: Object.entries(facts.densities ?? {}).map(([model, value]) => ({
            model,
            tokens_per_byte: value,
          })),
        }),
    ...(facts.schemaRoles === undefined || facts.schemaRoles.length === 0
      ? {}
      : { json_schema: [...facts.schemaRoles] }),
    ...defined({ forked_from: facts.forkedFrom }),
  });
}
