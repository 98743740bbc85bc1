import { maxInstructionBytes } from "../../engine/model/pinned";
import type { PinnedText } from "../../engine/model/pinned-schema";
import { grouped } from "../../engine/model/grouped";
import { decideRead } from "../../engine/policy/file-policy";
import { quoted } from "../text/diagnostic";
import { instructionPaths } from "./materials";
import type { Materials } from "./materials";

export interface InstructionsFound {
  /** Nearest first. */
  readonly files: readonly PinnedText[];
  /** Why one of them cannot be used, or why there is none. */
  readonly problem?: { readonly message: string; readonly hint: string };
}

/** Whether a role may be given a file: the rules that also apply to what its tools read. */
export function denialOf(path: string, allow: readonly string[]): string | undefined {
  const decision = decideRead("domain", path, { read_scope: ["domain"], allow: [...allow] });
  return decision.allowed ? undefined : decision.message;
}

/** The files that an entry under `instructions` means. @param allow globs of the Flow's policy. */
export function findInstructions(
  band: string,
  entry: string,
  materials: Materials,
  allow: readonly string[],
): InstructionsFound {
  const files: PinnedText[] = [];
  const paths = instructionPaths(band, entry);
  for (const path of paths) {
    const read = materials.files.get(path) ?? { kind: "missing" };
    if (read.kind === "missing") continue;
    const refused = (why: string, hint: string): InstructionsFound => ({
      files,
      problem: { message: `${quoted(path)} cannot be part of a prompt: ${why}`, hint },
    });
    const denial = denialOf(path, allow);
    if (denial !== undefined) return refused(denial, "Name another file.");
    if (read.kind === "refused") return refused(read.why, "Name another file.");
    if (read.kind === "bytes") return refused("It is not UTF-8 text.", "Save it as UTF-8.");
    if (read.bytes > maxInstructionBytes) {
      const size = `It has ${grouped(read.bytes)} bytes; at most ${grouped(maxInstructionBytes)} are allowed.`;
      return refused(size, "Shorten it, or name a part of it as a file of its own.");
    }
    files.push({ path, sha256: read.sha256, bytes: read.bytes, text: read.text });
  }
  if (files.length > 0 || paths.length === 0) return { files };
  const [only] = paths;
  const message =
    paths.length === 1
      ? `There is no file ${quoted(only ?? "")}.`
      : `There is no file ${paths.map(quoted).join(" or ")}.`;
  const hint = entry.includes("/")
    ? "Write a path relative to the project."
    : "Create it, or write the path of a file relative to the project, with a '/'.";
  return { files, problem: { message, hint } };
}
