import { OrketError } from "../../engine/error/orket-error";
import type { Definition } from "../../engine/model/definition";
import { editorOnlyReason } from "../../engine/model/editor-only";
import type { RuntimeOptions } from "./session";

/** @throws {OrketError} definition_invalid when only VS Code can perform the definition and this host is not VS Code. */
export function ensureRunsHere(
  definition: Definition,
  { external, vscodeLm, startedBy }: Pick<RuntimeOptions, "external" | "vscodeLm" | "startedBy">,
): void {
  if (external !== undefined || vscodeLm !== undefined || startedBy === "editor") return;
  const reason = editorOnlyReason(definition);
  if (reason === undefined) return;
  throw new OrketError("definition_invalid", `This Flow runs only in VS Code. ${reason}`, {
    hint: "Run it from VS Code; `orket plan` and `orket show` work here.",
  });
}
