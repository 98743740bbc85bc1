import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Environment, Output } from "../io";
import type { TypedLines } from "./lines";

/** Opens a text in the user's editor, or reads it line by line where there is none. Undefined: unchanged. */
export async function editText(
  text: string,
  { env, lines, output }: { env: Environment; lines: TypedLines; output: Output },
  what = "the new instruction",
): Promise<string | undefined> {
  const editor = [env.VISUAL, env.EDITOR].find((one) => one !== undefined && one.trim() !== "");
  const edited =
    editor === undefined
      ? await typeText(lines, output, what)
      : await editInEditor(editor, text, lines, output);
  return edited === undefined || edited.trim() === "" || edited === text ? undefined : edited;
}

async function typeText(lines: TypedLines, output: Output, what: string): Promise<string | undefined> {
  output.line(`Type ${what}; a line with a single dot ends it. An empty one changes nothing.`);
  const typed: string[] = [];
  for (;;) {
    const line = await lines.next(true);
    if (line === undefined) return undefined;
    if (line === ".") return typed.join("\n");
    typed.push(line);
  }
}

async function editInEditor(
  editor: string,
  text: string,
  lines: TypedLines,
  output: Output,
): Promise<string | undefined> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "orket-"));
  const file = path.join(folder, "instruction.md");
  lines.stop();
  try {
    await writeFile(file, text, { mode: 0o600 });
    const code = await runEditor(editor, file);
    if (code === 0) return await readFile(file, "utf8");
    output.line(`The editor '${editor}' ended with ${code ?? "an error"}; nothing is changed.`);
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
    lines.start();
  }
}

/** `$EDITOR` may contain arguments (`code --wait`), which is why a shell reads it. */
function runEditor(editor: string, file: string): Promise<number | undefined> {
  const quoted = process.platform === "win32" ? `"${file}"` : `'${file.replaceAll("'", "'\\''")}'`;
  return new Promise((resolve) => {
    const child = spawn(`${editor} ${quoted}`, { stdio: "inherit", shell: true });
    child.on("error", () => resolve(undefined));
    child.on("close", (code) => resolve(code ?? undefined));
  });
}
