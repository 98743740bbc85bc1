import { fileKindOf } from "../text/file-kind";

/** The folder of a file, without a slash at the end; empty for the project's root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** `path` relative to `folder`, with `.` and `..` resolved; undefined when it leads out of the project. */
export function joinPath(folder: string, path: string): string | undefined {
  const parts = folder === "" ? [] : folder.split("/");
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join("/");
}

const deviceName = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\..*)?$/i;

/** Why a path is not a path below the project that works on every system; undefined when it is. */
function relativePathProblem(path: string): string | undefined {
  if (path.length > 1000) return "it is too long";
  if (path.includes("\\")) return "it uses '\\'; write '/' between folders";
  if (path.startsWith("/") || path.startsWith("~")) return "it is not relative";
  if (/^[A-Za-z]:/.test(path)) return "it names a drive";
  if (/[\u0000-\u001f\u007f<>:"|?*]/.test(path))
    return "it holds a character that file names cannot have everywhere";
  for (const part of path.split("/")) {
    if (part === "") return "it has an empty part";
    if (part === "..") return "it leads out with '..'";
    if (part !== "." && /[. ]$/.test(part)) return "a part ends with a dot or a space";
    if (deviceName.test(part)) return "it names a device";
  }
  return undefined;
}

const protectedFolders: ReadonlySet<string> = new Set([".orket", ".git", ".vscode"]);

/** Why no agent may write to this path of the Workspace; undefined when it may. */
export function artifactPathProblem(path: string): string | undefined {
  const problem = relativePathProblem(path);
  if (problem !== undefined) return problem;
  const parts = path.split("/").filter((part) => part !== ".");
  if (parts.length === 0) return "it names no file";
  const first = parts[0]?.toLowerCase() ?? "";
  if (protectedFolders.has(first)) return `agents may not write into ${first}/`;
  if (fileKindOf(path) !== undefined) return "agents may not write definition files";
  return undefined;
}

/** Why an instruction file or a skill's folder cannot be at this path of the project; undefined when it can. */
export function projectPathProblem(path: string): string | undefined {
  return joinPath("", path) === "" ? "it names the project itself" : referencePathProblem(path);
}

/** Why a folder cannot be a ReferenceSpace; undefined when it can. */
export function referencePathProblem(path: string): string | undefined {
  const problem = relativePathProblem(path.replace(/(.)\/$/, "$1"));
  if (problem !== undefined) return problem;
  const first =
    path
      .split("/")
      .find((part) => part !== ".")
      ?.toLowerCase() ?? "";
  return first === ".orket" || first === ".git" ? `agents may not read ${first}/` : undefined;
}
