import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { emptyFolder } from "./orket";

/** What of a project a test cares about; the rest is the smallest that runs. */
export interface SmallProject {
  /** Lines for the Flow. */
  readonly flow?: string;
  /** Lines for the Venue, instead of one with scripted replies. */
  readonly venue?: string;
  /** Lines for the only step. */
  readonly step?: string;
  /** The file of replies. */
  readonly replies?: string;
  /** More files, by their paths. */
  readonly files?: Readonly<Record<string, string>>;
}

const hello = `
  only:
    - text: Hello.
      tool_calls: [{ tool: write_file, args: { path: hello.txt, content: "hello\\n" } }]
    - text: All done.
`;

/** A project with one Flow (`small`) of one step (`only`), in a folder of its own. */
export function smallProject(parts: SmallProject = {}): string {
  const folder = emptyFolder();
  const files: Record<string, string> = {
    "small.flow.yaml": `version: 1\nname: small\nband: small\nvenue: small\nscore: small\n${
      parts.flow ?? "task: Say hello.\napproval: none\n"
    }`,
    "small.band.yaml":
      "version: 1\nname: small\nroles:\n  worker:\n    prompt: Work.\n    tools: [read_file, write_file, edit_file, delete_file]\n",
    "small.venue.yaml": `version: 1\nname: small\n${parts.venue ?? "provider: scripted\nreplies: small.replies.yaml\n"}`,
    "small.score.yaml": `version: 1\nname: small\nsteps:\n  - id: only\n    role: worker\n${parts.step ?? ""}`,
    "small.replies.yaml": `version: 1\n${parts.replies ?? `steps:${hello}`}`,
    ...parts.files,
  };
  for (const [place, text] of Object.entries(files)) {
    const file = path.join(folder, place);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return folder;
}
