import type { SessionEvent } from "../../engine/event/event";
import { callSettings, venueOf } from "../../engine/model/definition";
import type { Definition } from "../../engine/model/definition";
import { stepsOf } from "../../engine/model/plan";
import { isServer, providerTable } from "../../engine/model/providers";
import type { ProbedEndpoint } from "../../adapters/provider/capabilities";
import type { SessionEnvironment } from "../../adapters/journal/jsonl-session-store";
import { CapabilityMemory } from "./capability-memory";

/** Every model at an address that can answer a role. */
function endpointsOfRole(definition: Definition, role: string): ProbedEndpoint[] {
  const venue = venueOf(definition, role);
  const { model } = callSettings(definition, role);
  if (isServer(venue.provider)) {
    const endpoint = venue.endpoint ?? providerTable[venue.provider].defaultEndpoint;
    return [{ provider: venue.provider, endpoint, model }];
  }
  // As in MeshProvider: a node's own name replaces the Venue's model.
  return (venue.nodes ?? []).map((node) => ({
    provider: node.provider,
    endpoint: node.endpoint,
    model: node.model ?? model,
  }));
}

/** The roles with typed results of which every backend was shown, by a trial of the Venue, to keep to a JSON Schema. */
export async function provenSchemaRoles(
  environment: SessionEnvironment,
  workDomain: string,
  definition: Definition,
): Promise<string[]> {
  const memory = new CapabilityMemory(environment, workDomain);
  const typed = stepsOf(definition.score.steps).filter(
    ({ does, result }) => does === undefined && result !== undefined,
  );
  const proven: string[] = [];
  for (const role of new Set(typed.map((step) => step.role))) {
    const endpoints = endpointsOfRole(definition, role);
    const found = await Promise.all(endpoints.map((at) => memory.find(at)));
    if (found.length > 0 && found.every((one) => one?.capabilities.jsonSchema === true)) proven.push(role);
  }
  return proven.sort();
}

/** The same as a session's first event says it: what repeats the session asks in the same form. */
export function schemaRolesAtStart([start]: readonly SessionEvent[]): readonly string[] {
  return start?.type === "session_start" ? (start.data.json_schema ?? []) : [];
}

/** Remembers that a role's backend refused or ignored a schema. A disk failure affects nothing else. */
export async function forgetSchema(
  environment: SessionEnvironment,
  workDomain: string,
  definition: Definition,
  roles: Iterable<string>,
): Promise<void> {
  const memory = new CapabilityMemory(environment, workDomain);
  for (const role of roles)
    for (const at of endpointsOfRole(definition, role)) {
      const known = await memory.find(at);
      if (known?.capabilities.jsonSchema !== true) continue;
      await memory.keep(at, { ...known.capabilities, jsonSchema: false }).catch(() => undefined);
    }
}
