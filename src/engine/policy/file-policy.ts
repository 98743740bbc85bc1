import type { Policy, Scope } from "../model/flow";
import { matchesAny } from "./glob";
import { foldPath } from "./path";
import { quoted } from "./rules";
import type { FileDecision, FileRule } from "./rules";

export { classifyPath } from "./path";
export type { Place } from "./path";
export type { FileDecision, FileRule } from "./rules";

/** Where a path is; `start` is the directory Orket was started from: the directory itself and the files directly in it. */
export type Space = Scope | "start";

const definitionFile = /\.(?:(?:flow|band|venue|score)\.(?:ya?ml|json)|replies\.(?:ya?ml|json))$/u;
const editorFile = /\.code-workspace$/u;

/** Names of files that usually contain secrets, case-folded. */
const secretNames: readonly RegExp[] = [
  /^\.env/u,
  /\.env$/u,
  /\.(?:pem|key|pfx|p12|p8|pkcs12|jks|keystore|kdbx|ppk|ovpn|tfstate)$/u,
  /\.tfstate\.[^/]*$/u,
  /^id_(?:rsa|dsa|ecdsa|ed25519|xmss)/u,
  /^\.(?:npmrc|pypirc|netrc|git-credentials|pgpass|my\.cnf|htpasswd|dockercfg|boto|s3cfg|terraformrc|vault-token|secrets?)$/u,
  /^_netrc$/u,
  /^terraform\.rc$/u,
  /^[^/]*credentials(?:\.(?:json|ya?ml|toml|ini|xml|csv|properties|txt|db))?$/u,
  /^secrets?\.(?:json|ya?ml|toml|ini|xml|properties|txt)$/u,
  /^client_secret[^/]*\.json$/u,
  /^service[-_]?account[^/]*\.json$/u,
  /^(?:kubeconfig(?:\..*)?|.*\.kubeconfig)$/u,
  /^access[-_]?tokens?(?:\.(?:json|txt|db))?$/u,
  /^(?:auth|token|kaggle)\.json$/u,
  // Wrangler, Azure Functions, Yarn, NuGet, pip, rclone, curl, wget, MySQL
  /^\.dev\.vars(?:\..*)?$/u,
  /^local\.settings\.json$/u,
  /^\.yarnrc(?:\.ya?ml)?$/u,
  /^nuget\.config$/u,
  /^pip\.conf$/u,
  /^\.?rclone\.conf$/u,
  /^\.(?:curlrc|wgetrc|mylogin\.cnf|passwd|vault[-_]?pass(?:word)?(?:\..*)?)$/u,
  /\.tfvars(?:\.json)?$/u,
  /firebase-adminsdk[^/]*\.json$/u,
  // Typed input, passwords included: shells, databases, interpreters
  /^(?:\.[a-z0-9._-]*|fish_)history$/u,
  /^consolehost_history\.txt$/u,
];

/** All of them in one set: a view checks every file of a project. */
const secretName = new RegExp(secretNames.map(({ source }) => `(?:${source})`).join("|"), "u");

/** Folders whose contents usually are secrets, case-folded. */
const secretFolders: ReadonlySet<string> = new Set([
  ".ssh",
  ".aws",
  ".azure",
  ".gnupg",
  ".kube",
  ".gcloud",
  ".password-store",
]);

/** What is secret because of the folder that it is in: its name, and that folder's, case-folded. */
const secretIn: ReadonlyMap<string, string> = new Map([
  ["config.json", ".docker"],
  ["gcloud", ".config"],
  ["gh", ".config"],
  ["hub", ".config"],
  ["op", ".config"],
  ["settings.xml", ".m2"],
  ["settings-security.xml", ".m2"],
  ["gradle.properties", ".gradle"],
  ["token", ".huggingface"],
  ["credentials.tfrc.json", ".terraform.d"],
]);

function isSecret(names: readonly string[]): boolean {
  const last = names.at(-1) ?? "";
  if (secretName.test(last)) return true;
  return names.some(
    (name, index) => secretFolders.has(name) || (index > 0 && secretIn.get(name) === names[index - 1]),
  );
}

function denial(rule: FileRule, message: string): FileDecision {
  return { allowed: false, rule, message };
}

/** What only Orket and git themselves may access, for reads and writes alike. */
function protectedFrom(
  path: string,
  names: readonly string[],
  what: "read" | "written",
): FileDecision | undefined {
  if (names.includes(".orket")) {
    return denial(
      "protected-orket",
      `${quoted(path)} belongs to Orket; agents' files may not be ${what} there.`,
    );
  }
  if (names.includes(".git")) {
    return denial("protected-git", `${quoted(path)} belongs to git; nothing may be ${what} there.`);
  }
  return undefined;
}

function secretRule(
  path: string,
  names: readonly string[],
  policy: Pick<Policy, "allow">,
): FileDecision | undefined {
  if (!isSecret(names) || matchesAny(policy.allow, path)) return undefined;
  return denial(
    "secret-file",
    `${quoted(path)} usually holds secrets. The Flow's policy can list it in "allow".`,
  );
}

/**
 * Whether an agent may read there. `path` is relative to the project, with forward slashes (`..` for a reference
 * outside); the guard calls this with the real path.
 */
export function decideRead(
  space: Space,
  path: string,
  policy: Pick<Policy, "read_scope" | "allow">,
): FileDecision {
  if (space !== "start" && !policy.read_scope.includes(space)) {
    return denial(
      "read-scope",
      `${quoted(path)} is in the space "${space}", which the Flow's read_scope does not list.`,
    );
  }
  const names = foldPath(path);
  return protectedFrom(path, names, "read") ?? secretRule(path, names, policy) ?? { allowed: true };
}

/**
 * Whether an agent may write there: in its Workspace, as a proposal for the project's file of the same path. The same
 * places apply to a person who accepts a proposal.
 */
export function decideWrite(path: string, policy: Pick<Policy, "write_scope" | "allow">): FileDecision {
  if (!policy.write_scope.includes("workspace")) {
    return denial("write-scope", "The Flow's write_scope lists nothing, so no file may be written.");
  }
  const names = foldPath(path);
  if (names.length === 0) return denial("is-folder", `${quoted(path)} is a folder.`);
  const last = names.at(-1) ?? "";
  const untouchable = protectedFrom(path, names, "written");
  if (untouchable) return untouchable;
  if (names.includes(".vscode") || editorFile.test(last)) {
    return denial(
      "protected-editor",
      `${quoted(path)} holds settings of the editor, which can run programs.`,
    );
  }
  if (definitionFile.test(last)) {
    return denial(
      "protected-definition",
      `${quoted(path)} is a definition of Orket; only people write those.`,
    );
  }
  return secretRule(path, names, policy) ?? { allowed: true };
}

/** Whether the policy lists the file in `allow`, which lifts the rules on secrets and on further names (hard links). */
export function isAllowListed(path: string, policy: Pick<Policy, "allow">): boolean {
  return matchesAny(policy.allow, path);
}
