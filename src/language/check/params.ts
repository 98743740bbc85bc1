import { keyInParams } from "../../engine/model/key-in-params";
import { quoted } from "../text/diagnostic";
import type { Report } from "../schema/report";
import { keysAt } from "../schema/read";
import { valueAt } from "../schema/schema";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";

/** Keys in what is passed to the backend: they would be in every copy of the project and in every session. */
export function checkParams(venue: SourceDocument, report: Report): void {
  const places: ValuePath[] = [
    ["params"],
    ...keysAt(venue, ["roles"]).map((role) => ["roles", role, "params"]),
  ];
  for (const place of places) {
    const found = keyInParams(valueAt(venue.value, place));
    if (found === undefined) continue;
    const at = [...place, ...found.map((name) => (/^\d+$/.test(name) ? Number(name) : name))];
    report.at(venue, at, "orket/literal-api-key", `${quoted(found.join("."))} in 'params' holds a key.`, {
      hint: "Store it (Orket: Set Secret, or an environment variable) and write 'api_key: secret:NAME' or 'env:NAME'.",
    });
  }
}
