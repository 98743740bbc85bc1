import path from "node:path";
import type { Snapshot } from "../app/session/snapshot";
import { gitPatch } from "../app/artifact/git-patch";
import type { PatchLine } from "../app/artifact/git-patch";
import { patchesOf, reviewRows } from "../app/artifact/review-rows";
import type { ReviewRow } from "../app/artifact/review-rows";
import { nodeEnvironment } from "../adapters/journal/environment";
import { OrketError } from "../engine/error/orket-error";
import type { ArtifactView } from "../engine/view/session-view";
import type { ArgumentSpec, CommandContext } from "./command";
import type { Output } from "./io";
import { alignColumns, formatBytes, plural } from "./text/format";
import { safeLine, safeText } from "./text/safe";

export const filesArgument = (what: string): ArgumentSpec => ({
  name: "PATH",
  optional: true,
  multiple: true,
  summary: `Files or folders; without any, ${what}.`,
});

/** Where paths are typed: relative to `base`, in the project `workDomain`. */
type Typed = Pick<CommandContext, "base" | "workDomain">;

/** What a typed path can mean, relative to the project: from the current folder, or as `orket diff` prints it. */
function placesOf(written: string, { base, workDomain }: Typed): readonly string[] {
  const typed = path.relative(workDomain, path.resolve(base, written)).replaceAll("\\", "/");
  const isInside = typed !== ".." && !typed.startsWith("../") && !path.isAbsolute(typed);
  const places = written !== "" && isInside ? [typed === "" ? "." : typed] : [];
  // `.` and `..` are about folders of the disk, not a printed name.
  const printed = written.replaceAll("\\", "/").replace(/\/+$/, "");
  return printed === "" || /^\.{1,2}(\/|$)/.test(printed) ? places : [...places, printed];
}

function artifactsAt(artifacts: readonly ArtifactView[], place: string): readonly ArtifactView[] {
  return artifacts.filter(
    ({ path: file, renamedFrom = file }) =>
      place === "." || [file, renamedFrom].some((one) => one === place || one.startsWith(`${place}/`)),
  );
}

/** The named artifacts, or those that `standard` selects. @throws {OrketError} artifact_unknown. */
export function chooseArtifacts(
  artifacts: readonly ArtifactView[],
  paths: readonly string[],
  typed: Typed,
  standard: (artifact: ArtifactView) => boolean,
): ArtifactView[] {
  if (paths.length === 0) return artifacts.filter(standard);
  const chosen = new Set<ArtifactView>();
  for (const written of paths) {
    const found = placesOf(written, typed)
      .map((place) => artifactsAt(artifacts, place))
      .find(({ length }) => length > 0);
    if (found === undefined) {
      const known = artifacts.map(({ path: file }) => file).join(", ");
      throw new OrketError("artifact_unknown", `The session proposes no file ${safeLine(written)}.`, {
        hint: known === "" ? "It proposes no files." : `It proposes: ${known}.`,
      });
    }
    for (const artifact of found) chosen.add(artifact);
  }
  return artifacts.filter((artifact) => chosen.has(artifact));
}

/** The chosen artifacts of a session against the project as it is now. */
export async function rowsOf(
  seen: Pick<Snapshot, "state" | "readBytes">,
  workDomain: string,
  chosen: readonly ArtifactView[],
  unchecked: ReadonlySet<string> = new Set(),
): Promise<ReviewRow[]> {
  const source = {
    state: seen.state,
    workDomain,
    fs: nodeEnvironment.fs,
    readBytes: seen.readBytes.bind(seen),
  };
  return reviewRows(source, chosen, unchecked);
}

/** A line of a patch: unchanged where another program reads it, without terminal control characters where a person does. */
function print({ kind, text }: PatchLine, out: Output): void {
  if (!out.isTerminal) return out.line(text);
  const { style } = out;
  // A carriage return at a line's end belongs to the file; users must see it.
  const safe = text.endsWith("\r") ? `${safeText(text.slice(0, -1))}\u240d` : safeText(text);
  if (kind === "head") out.line(style.bold(safe));
  else if (kind === "hunk") out.line(style.cyan(safe));
  else if (kind === "added") out.line(style.green(safe));
  else out.line(kind === "removed" ? style.red(safe) : safe);
}

/** Prints rows as one patch, and shows users what a patch cannot express. */
export function printPatch(rows: readonly ReviewRow[], to: Output, messages: Output): void {
  for (const part of patchesOf(rows)) for (const line of gitPatch(part, to.isTerminal)) print(line, to);
  for (const { artifact, state, offer, open, isUnchecked, denied } of rows) {
    const file = safeLine(artifact.path);
    if (denied !== undefined)
      messages.line(
        `${file}: cannot be accepted: ${safeText(denied.message)} ${denied.hint ?? ""}`.trimEnd(),
      );
    if (state === "conflict")
      messages.line(
        `${file}: conflict with the project; shown is what the proposal changes in the version that it was made from.`,
      );
    else if (open && offer.kind === "merged")
      messages.line(`${file}: the project has changed since; both changes can be merged.`);
    if (isUnchecked) messages.line(`${file}: written after the last check that passed.`);
  }
}

const stateText = (state: ReviewRow["state"]): string => (state === "proposed" ? "" : state);

/** Prints the rows as a table of files, with how many lines are added and removed. */
export function printStat(rows: readonly ReviewRow[], out: Output): void {
  const { style } = out;
  const total = { added: 0, removed: 0 };
  const table = rows.map(
    ({ artifact, makesExecutable, text, added, removed, state, renamedFrom, denied }) => {
      total.added += added;
      total.removed += removed;
      const size = artifact.content === null ? "" : formatBytes(artifact.content.bytes);
      const lines = text === undefined ? "binary" : `${style.green(`+${added}`)} ${style.red(`-${removed}`)}`;
      const name = renamedFrom === undefined ? artifact.path : `${renamedFrom} => ${artifact.path}`;
      return [
        ` ${safeLine(name)}`,
        makesExecutable ? `${artifact.change}, executable` : artifact.change,
        size,
        lines,
        denied === undefined ? stateText(state) : "cannot be accepted",
      ];
    },
  );
  if (table.length === 0) return;
  for (const text of alignColumns(table)) out.line(text.trimEnd());
  out.line(
    ` ${plural(rows.length, "file")}, ${plural(total.added, "line")} added, ${plural(total.removed, "line")} removed`,
  );
}

/** The rows' contents that the user was shown, to be remembered. */
export function shownOf(rows: readonly ReviewRow[]): Record<string, string> {
  const open = rows.filter((row) => row.open);
  return Object.fromEntries(open.map(({ artifact, offer }) => [artifact.path, offer.shown]));
}
