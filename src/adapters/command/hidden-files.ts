import fs from "node:fs";
import path from "node:path";
import { decideRead } from "../../engine/policy/file-policy";
import type { LookAt } from "./view";
import { walkProject } from "./walk";

/** Folders of third-party files, which can be large: they are not searched. */
const heavyFolders: ReadonlySet<string> = new Set([
  ...["node_modules", ".venv", "venv", ".tox", ".nox", ".git", "target", ".gradle", ".yarn", ".pnpm-store"],
]);

/** Whether a command may see the project's file: the rule on secrets that applies to agents, and Orket's own folder. */
function isHidden(file: string, allow: string[]): boolean {
  const decision = decideRead("domain", file, { read_scope: ["domain"], allow });
  return !decision.allowed && (decision.rule === "secret-file" || decision.rule === "protected-orket");
}

/**
 * How a view treats the project's entries. It leaves out `.orket`, files that usually hold secrets unless the policy's
 * `allow` lists them, and everything that is not a file, folder or link.
 */
export function lookAt(policy: { readonly allow: readonly string[] }): LookAt {
  const allow = [...policy.allow];
  return (place, entry, inside) => {
    if (!entry.isFile() && !entry.isDirectory() && !entry.isSymbolicLink()) return "hidden";
    if (inside === "heavy") return inside;
    if (isHidden(place, allow)) return "hidden";
    return heavyFolders.has(path.basename(place)) ? "heavy" : "shown";
  };
}

/** What a view leaves out of the project, relative to it. Heavy folders are not searched. */
export async function findHidden(project: string, look: LookAt): Promise<string[]> {
  const hidden: string[] = [];
  await walkProject(project, (place, entry) => {
    const own = look(place, entry, "shown");
    if (own === "hidden") hidden.push(place);
    return own === "shown";
  });
  return hidden;
}

const credentials = /:\/\/[^/\s]*@|extraheader|token|password|secret|helper/i;

/** The project's git settings without the lines that hold credentials; undefined where there is nothing to leave out. */
export async function gitSettings(project: string): Promise<string | undefined> {
  const file = path.join(project, ".git", "config");
  const text = await fs.promises.readFile(file, "utf8").catch(() => undefined);
  if (text === undefined || !credentials.test(text)) return undefined;
  return text
    .split("\n")
    .filter((line) => !credentials.test(line))
    .join("\n");
}
