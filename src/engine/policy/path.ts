import { utf8Length } from "../model/utf8";
import { quoted } from "./rules";
import type { FileRule, RuleDenial } from "./rules";

/** What a path given by a model means, before any disk access. Paths have forward slashes and are in form NFC. */
export type Place =
  /** In the project: no `..`, no leading or trailing slash; `.` is the project itself. */
  | { readonly kind: "relative"; readonly path: string }
  /** An absolute path; only a read can be meant. */
  | { readonly kind: "absolute"; readonly path: string; readonly rule: FileRule; readonly message: string }
  /** Leads out of the project by `..`; only a read can be meant: a reference may be there. */
  | { readonly kind: "outside"; readonly path: string; readonly rule: FileRule; readonly message: string }
  | RuleDenial;

const maxPathLength = 1000;
const maxNameBytes = 255;

const control = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
const forbidden = /[<>"|?*]/;
const drive = /^[A-Za-z]:/;
const device = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(?:\.|$)/iu;
const shortName = /^[^.~]{0,6}~[0-9]{1,6}(?:\.[^.]{0,3})?$/u;
/** The paths of nearly all files, to which no rule on names applies. A search or a view checks every path of a project. */
const ordinary = /^(?:(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:[./]|$))\.?[\w-]+(?:\.[\w-]+)*(?:\/(?!$)|$))+$/i;

function nameProblem(name: string): { rule: FileRule; what: string } | undefined {
  if (utf8Length(name) > maxNameBytes)
    return { rule: "path-too-long", what: "has a name of more than 255 bytes" };
  if (name.includes(":")) return { rule: "path-stream", what: "has a colon in a name" };
  if (forbidden.test(name)) return { rule: "path-character", what: 'has one of < > " | ? * in a name' };
  if (/[. ]$/.test(name)) return { rule: "path-trailing", what: "has a name that ends in a dot or a space" };
  // Device names written with look-alike characters count too: Windows treats some of them as equal.
  if (device.test(name.normalize("NFKC")) || device.test(name)) {
    return { rule: "path-device", what: "has a name that is a device on Windows" };
  }
  if (shortName.test(name)) return { rule: "path-short-name", what: "has a short name of Windows (NAME~1)" };
  return undefined;
}

/** Drops `.`, resolves `..`; what goes above the start keeps its `..`. */
function resolveDots(names: readonly string[]): { up: number; names: string[] } {
  const resolved: string[] = [];
  let up = 0;
  for (const name of names) {
    if (name === "" || name === ".") continue;
    if (name !== "..") resolved.push(name);
    else if (resolved.pop() === undefined) up += 1;
  }
  return { up, names: resolved };
}

/**
 * Determines what a path given by a model means. The answer is the same on every system: what would be another file, or
 * none, on one system is denied on all.
 */
export function classifyPath(raw: string): Place {
  const denied = (rule: FileRule, what: string): RuleDenial => ({
    kind: "denied",
    rule,
    message: `The path ${quoted(raw)} ${what}.`,
  });
  if (raw.length <= maxNameBytes && ordinary.test(raw)) return { kind: "relative", path: raw };
  if (raw === "") return denied("path-empty", "is empty");
  if (raw.length > maxPathLength) return denied("path-too-long", `has more than ${maxPathLength} characters`);
  if (control.test(raw)) return denied("path-control", "has a control character");
  const slashed = raw.normalize("NFC").replaceAll("\\", "/");
  if (slashed.startsWith("//")) return denied("path-unc", "names another machine or a device");
  const root = drive.test(slashed) ? slashed.slice(0, 2) : "";
  const rest = slashed.slice(root.length);
  const absolute = rest.startsWith("/");
  if (root !== "" && !absolute) return denied("path-drive", "names a drive without a root");

  const { up, names } = resolveDots(rest.split("/"));
  for (const name of names) {
    const problem = nameProblem(name);
    if (problem) return denied(problem.rule, problem.what);
  }
  if (absolute) {
    const path = `${root}/${names.join("/")}`;
    const message = `The path ${quoted(raw)} is absolute; write with a path relative to the project.`;
    return { kind: "absolute", path, rule: "absolute-path", message };
  }
  if (up > 0) {
    const path = [...Array.from({ length: up }, () => ".."), ...names].join("/");
    const message = `The path ${quoted(raw)} leads out of the project.`;
    return { kind: "outside", path, rule: "path-escape", message };
  }
  return { kind: "relative", path: names.length === 0 ? "." : names.join("/") };
}

/**
 * A path as the most lenient file system would compare it: compatible forms of Unicode unified, characters that
 * some ignore removed, no case, no dots and spaces at the end of names. Only for comparing with protected names: two
 * paths that fold to the same are not the same file everywhere.
 */
export function foldPath(path: string): string[] {
  if (ordinary.test(path)) return path.toLowerCase().split("/");
  // For ASCII, only the case changes.
  const folded = /^[\x00-\x7f]*$/.test(path) ? path.toLowerCase() : foldText(path);
  return folded
    .split(/[/\\]/)
    .map((name) => name.replace(/:.*$/u, "").replace(/[. ]+$/u, ""))
    .filter((name) => name !== "");
}

function foldText(path: string): string {
  return path
    .normalize("NFKC")
    .replace(/\p{Default_Ignorable_Code_Point}/gu, "")
    .toUpperCase()
    .toLowerCase()
    .normalize("NFKC");
}
