import { createWriteStream, existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Browser } from "playwright-core";
import { launchBrowser } from "./browser";
import { root, startServer, workbenchUrl } from "./server";

/*
 * Runs the suites of dist/test/integration inside a real extension host. The workbench calls two functions that this
 * launcher puts on its page: one for every line the host prints, one with the exit code.
 */

const limitMs = Number(process.env["ORKET_INTEGRATION_LIMIT_MS"] ?? 300_000);

async function sampleFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "orket-project-"));
  const example = path.join(root, "examples", "shapes");
  if (existsSync(example)) await cp(example, folder, { recursive: true });
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, "README.md"), "# A project to test in\n");
  return folder;
}

const mark = "[orket-test] ";

/** The workbench talks a great deal; only the reporter's lines are for people, the rest is kept in a file. */
function lineSorter(logFile: string): (type: unknown, args: unknown) => void {
  const log = createWriteStream(logFile, { flags: "a" });
  return (_type, args) => {
    const parts: readonly unknown[] = Array.isArray(args) ? args : [args];
    const text = parts.map((part) => (typeof part === "string" ? part : JSON.stringify(part))).join(" ");
    log.write(`${text.trimEnd()}\n`);
    if (text.startsWith(mark)) process.stdout.write(`${text.slice(mark.length).trimEnd()}\n`);
  };
}

/** Two folders with a project each; both call their files by the same names. */
async function severalFolders(around: string): Promise<string> {
  const member = (name: string, role: string): Record<string, string> => ({
    "crew.flow.yaml": `version: 1\nname: crew\nband: crew\nvenue: crew\nscore: crew\ntask: ${name}.\napproval: none\n`,
    "crew.band.yaml": `version: 1\nname: crew\nroles:\n  ${role}: { prompt: "You are in ${name}. {{task}}" }\n`,
    "crew.venue.yaml": "version: 1\nname: crew\nprovider: scripted\nreplies: crew.replies.yaml\n",
    "crew.score.yaml": `version: 1\nname: crew\nsteps:\n  - { id: say, role: ${role}, instruction: Say it. }\n`,
    "crew.replies.yaml": `version: 1\nsteps: { say: [{ text: Said in ${name}. }] }\n`,
  });
  for (const [name, role] of [
    ["north", "skier"],
    ["south", "diver"],
  ] as const) {
    await mkdir(path.join(around, name), { recursive: true });
    for (const [file, text] of Object.entries(member(name, role)))
      await writeFile(path.join(around, name, file), text);
  }
  const workspace = path.join(around, "several.code-workspace");
  await writeFile(workspace, JSON.stringify({ folders: [{ path: "north" }, { path: "south" }] }));
  return workspace;
}

/** Opens one window and runs the suites that are meant for it; gives the exit code. */
async function runIn(browser: Browser, url: string, logFile: string): Promise<number> {
  const page = await browser.newPage();
  try {
    const exitCode = new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`the suite did not end within ${limitMs} ms; see ${logFile}`));
      }, limitMs);
      page
        .exposeFunction("codeAutomationExit", (code: number) => {
          clearTimeout(timer);
          resolve(code);
        })
        .catch(reject);
    });
    await page.exposeFunction("codeAutomationLog", lineSorter(logFile));
    await page.goto(url);
    return await exitCode;
  } finally {
    await page.close();
  }
}

async function main(): Promise<number> {
  const logFile = path.join(root, "test-output", "integration.log");
  await mkdir(path.dirname(logFile), { recursive: true });
  await rm(logFile, { force: true });
  const folder = await sampleFolder();
  const around = await mkdtemp(path.join(os.tmpdir(), "orket-several-"));
  const windows = {
    folder,
    several: await severalFolders(around),
    virtual: "orket-memory:/team",
    none: undefined,
  };
  const wanted = process.env["ORKET_WINDOW"];
  const server = await startServer({
    models: true,
    environment: { ORKET_TEST_FOLDER: folder, ORKET_LINE_MARK: mark },
  });
  const browser = await launchBrowser();
  const testModule = path.join(root, "dist/test/integration/index.js");
  try {
    let failed = 0;
    for (const [name, place] of Object.entries(windows)) {
      if (wanted !== undefined && wanted !== name) continue;
      failed += await runIn(browser, workbenchUrl(server.port, place, { testModule }), logFile);
    }
    return failed === 0 ? 0 : 1;
  } finally {
    await browser.close();
    await server.stop();
    for (const one of [folder, around]) await rm(one, { recursive: true, force: true });
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
