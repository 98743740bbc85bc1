import { createWriteStream, existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
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
  const log = createWriteStream(logFile);
  return (_type, args) => {
    const parts: readonly unknown[] = Array.isArray(args) ? args : [args];
    const text = parts.map((part) => (typeof part === "string" ? part : JSON.stringify(part))).join(" ");
    log.write(`${text.trimEnd()}\n`);
    if (text.startsWith(mark)) process.stdout.write(`${text.slice(mark.length).trimEnd()}\n`);
  };
}

async function main(): Promise<number> {
  const logFile = path.join(root, "test-output", "integration.log");
  await mkdir(path.dirname(logFile), { recursive: true });
  const folder = await sampleFolder();
  const server = await startServer({
    models: true,
    environment: { ORKET_TEST_FOLDER: folder, ORKET_LINE_MARK: mark },
  });
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
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
    await page.goto(workbenchUrl(server.port, folder, path.join(root, "dist/test/integration/index.js")));
    return await exitCode;
  } finally {
    await browser.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
