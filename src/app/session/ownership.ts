import { constants } from "node:fs";
import { unlessMissing } from "../../adapters/files/file-system";
import type { SessionEnvironment } from "../../adapters/journal/jsonl-session-store";
import { sessionPaths } from "../../adapters/journal/layout";
import { readDefinition, readSession } from "../../adapters/journal/session-folder";
import type { ReadDefinition } from "../../adapters/journal/session-folder";
import { isOurs } from "../../adapters/journal/session-marks";
import { OrketError } from "../../engine/error/orket-error";
import type { Definition } from "../../engine/model/definition";
import { reachOf, reachRows } from "../../engine/model/reach";
import { definitionProblems } from "../../language/flow/check-definition";

/** Whether this user wrote the session on this machine. @throws {OrketError} folder_unsafe */
export async function isOwnSession(
  { fs, marks }: Pick<SessionEnvironment, "fs" | "marks">,
  directory: string,
): Promise<boolean> {
  if (marks === undefined) return true;
  const journal = await unlessMissing(
    fs.open(sessionPaths(directory).journal, constants.O_RDONLY),
    undefined,
  );
  if (journal === undefined) return false;
  try {
    return await isOurs(marks, fs, journal);
  } finally {
    await fs.close(journal);
  }
}

/** What a session written by another user could do here, one sentence each: shown to the user before they allow it. */
function foreignFacts(definition: Definition): string[] {
  return reachRows(reachOf(definition)).map(([what, most]) => `${what}: ${most}.`);
}

/** @throws {OrketError} definition_invalid when a definition breaks a rule for the files that it came from. */
export function ensureSoundDefinition(definition: Definition): void {
  const [first, ...more] = definitionProblems(definition);
  if (first === undefined) return;
  throw new OrketError(
    "definition_invalid",
    `The session's definition cannot run: ${first}${more.length === 0 ? "" : ` And ${more.length} more.`}`,
    {
      hint: "It can be looked at, verified and exported. Run the Flow again from its files.",
      details: { problems: [first, ...more] },
    },
  );
}

/** Decides whether to resume a session that another user wrote. */
export type ConfirmForeign = (id: string, facts: readonly string[]) => Promise<boolean>;

/**
 * Before a session is opened for writing: its definition must keep every rule, and one that was not written here is resumed
 * only when the user has agreed.
 * @returns whether it is ours, and its definition.
 * @throws {OrketError} definition_invalid, session_foreign.
 */
export async function ensureMayOpen(
  environment: SessionEnvironment,
  directory: string,
  confirm: ConfirmForeign | undefined,
): Promise<{ readonly ours: boolean; readonly read: ReadDefinition }> {
  const paths = sessionPaths(directory);
  const [read, ours] = await Promise.all([
    readDefinition(environment, paths),
    isOwnSession(environment, directory),
  ]);
  const { definition } = read;
  ensureSoundDefinition(definition);
  if (ours) return { ours, read };
  // A damaged journal of ours is reported as damaged.
  const { damage } = await readSession(environment, directory);
  if (damage !== undefined) throw damage;
  const facts = foreignFacts(definition);
  if (confirm !== undefined && (await confirm(paths.id, facts))) return { ours: false, read };
  throw new OrketError(
    "session_foreign",
    `The session ${paths.id} was not written on this machine by you, so it does not go on by itself. ${facts.join(" ")}`,
    {
      hint: `It can be shown, verified, replayed, exported and forked. When you trust where it comes from: orket resume ${paths.id} --foreign`,
      details: { id: paths.id, facts },
    },
  );
}
