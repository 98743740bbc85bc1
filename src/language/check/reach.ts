import type { Definition } from "../../engine/model/definition";
import { isThisMachine, reachOf, reachRows } from "../../engine/model/reach";
import type { Reach } from "../../engine/model/reach";
import { isGiven } from "../schema/read";
import { makeDiagnostic } from "../text/diagnostic";
import type { Diagnostic } from "../text/diagnostic";
import { nearestPlace, valuePlace } from "../text/places";
import type { SourceDocument } from "../text/source";

/** The most that a run of the Flow can access, shown where its policy is written, and secret files that would leave. */
export function reachDiagnostics(flow: SourceDocument, definition: Definition): Diagnostic[] {
  const reach = reachOf(definition);
  return [reachHint(flow, reach), ...secretWarnings(flow, reach)];
}

/** The table of the plan. */
function reachHint(flow: SourceDocument, reach: Reach): Diagnostic {
  const rows = reachRows(reach).map(([what, most]) => `${what}: ${most}.`);
  const at = isGiven(flow, ["policy"]) ? nearestPlace(flow, ["policy"]) : nearestPlace(flow, ["name"]);
  const message = `At most, in any run: ${rows.join(" ")}`;
  return makeDiagnostic(flow, "orket/reach", at, message, { severity: "hint" });
}

/** Secret files that agents can read, where what they read is sent to another machine. */
function secretWarnings(flow: SourceDocument, { secretsReadable, servers }: Reach): Diagnostic[] {
  const elsewhere = servers.filter((origin) => !isThisMachine(origin));
  if (secretsReadable.length === 0 || elsewhere.length === 0) return [];
  const message = `Agents can read secret files that match ${secretsReadable.join(", ")}, and what they read is sent to ${elsewhere.join(", ")}.`;
  return [
    makeDiagnostic(flow, "orket/secrets-leave", valuePlace(flow, ["policy", "allow"]), message, {
      severity: "warning",
      hint: "List the very files that are needed, or use a Venue on this machine.",
    }),
  ];
}
