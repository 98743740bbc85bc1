import type { Adjustment } from "../event/event";
import type { Definition } from "../model/definition";
import { defined } from "../model/defined";
import { entryOf } from "../model/entry-of";

/** What users changed about a role while the session ran. */
export interface RoleChange {
  readonly prompt?: string;
  readonly model?: string;
  readonly temperature?: number;
  /** In effect until the role's next step ends. */
  readonly once?: { readonly model?: string; readonly temperature?: number };
}
export type RoleChanges = Readonly<Record<string, RoleChange>>;

type AboutRole = Extract<Adjustment, { kind: "patch_role" | "set_model" }>;

/** The changes plus one more. */
export function withRoleChange(changes: RoleChanges, adjustment: AboutRole): RoleChanges {
  const before = entryOf(changes, adjustment.role) ?? {};
  if (adjustment.kind === "patch_role")
    return { ...changes, [adjustment.role]: { ...before, prompt: adjustment.prompt } };
  const { role, model, temperature, once } = adjustment;
  const set = defined({ model, temperature });
  const after = once === true ? { ...before, once: { ...before.once, ...set } } : { ...before, ...set };
  return { ...changes, [role]: after };
}

/** The changes without those that only applied to one step of the role. */
export function withoutOnce(changes: RoleChanges, role: string): RoleChanges {
  const { once, ...lasting } = entryOf(changes, role) ?? {};
  return once === undefined ? changes : { ...changes, [role]: lasting };
}

/** The definition with the changes applied. */
export function withRoleChanges(definition: Definition, changes: RoleChanges): Definition {
  if (Object.keys(changes).length === 0) return definition;
  const roles = { ...definition.band.roles };
  const overrides = { ...definition.venue.roles };
  for (const [name, { prompt, model, temperature, once }] of Object.entries(changes)) {
    const role = entryOf(roles, name);
    if (role === undefined) continue;
    if (prompt !== undefined) roles[name] = { ...role, prompt };
    const settings = { ...defined({ model, temperature }), ...once };
    if (Object.keys(settings).length > 0) overrides[name] = { ...entryOf(overrides, name), ...settings };
  }
  return {
    ...definition,
    band: { ...definition.band, roles },
    venue: { ...definition.venue, roles: overrides },
  };
}
