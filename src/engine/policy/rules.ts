/** Every rule that can deny a file to an agent, and its reason. `docs/file-policy.md` shows this table. */
export const fileRules = {
  "path-empty": "A path is needed; `.` is the project.",
  "path-too-long": "At most 1,000 characters, and 255 bytes a name, so that every file system takes it.",
  "path-control":
    "Control characters, halves of surrogate pairs and marks that turn the direction of text make a name look like another one.",
  "path-character": 'None of `< > " | ? *`, which Windows cannot have in a name.',
  "path-drive":
    "A drive without a root (`C:x`) depends on what the process did before; other drives are outside.",
  "path-unc": "Paths to other machines and to devices (`//host/share`, `\\\\?\\`, `\\\\.\\`).",
  "path-stream": "A colon in a name opens another stream of the file on Windows.",
  "path-device": "`CON`, `NUL`, `COM1` … are devices on Windows, with any extension.",
  "path-trailing": "Windows drops dots and spaces at the end of a name, so it would be another file.",
  "path-short-name": "`NAME~1` is another name for a longer one on Windows.",
  "path-escape": "`..` leads out of the project.",
  "absolute-path": "Files are written with a path relative to the project.",
  "outside-spaces":
    "The path is in none of the spaces that may be read: project, references, start directory.",
  "read-scope": "The Flow's `read_scope` does not list the space.",
  "write-scope": "The Flow's `write_scope` does not list the Workspace.",
  "protected-orket": "`.orket` holds the sessions themselves.",
  "protected-git": "`.git` holds the history, and hooks that run.",
  "protected-editor":
    "`.vscode` and `*.code-workspace` can make an editor run programs; they are not written.",
  "protected-definition":
    "Flows, Bands, Venues, Scores and scripted replies decide what agents may do; they are not written.",
  "secret-file": "The file usually holds secrets; the Flow's `allow` can lift this.",
  "link-outside": "A link on the way leads out of the space.",
  "hard-link":
    "The file has further names, and one of them may be outside; the Flow's `allow` can lift this.",
  "special-file": "Only regular files are opened: no pipe, device or socket.",
  "is-folder": "A folder has this name, so no file can.",
  "not-a-folder": "A file is where a folder is needed.",
  unreadable:
    "The operating system does not allow the project's file to be opened, so it cannot be replaced.",
} as const satisfies Record<string, string>;

export type FileRule = keyof typeof fileRules;

/** A rule's decision about one access; `message` is a sentence for the model and for users. */
export type FileDecision =
  { readonly allowed: true } | { readonly allowed: false; readonly rule: FileRule; readonly message: string };

export interface RuleDenial {
  readonly kind: "denied";
  readonly rule: FileRule;
  readonly message: string;
}

/** A path in a sentence: short, on one line, in quotes. */
export function quoted(path: string): string {
  return JSON.stringify(path.length > 120 ? `${path.slice(0, 117)}...` : path);
}
