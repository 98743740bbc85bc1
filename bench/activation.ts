import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Browser } from "playwright-core";
import { launchBrowser } from "../test/integration/browser";
import { startServer, workbenchUrl } from "../test/integration/server";
import type { BenchRow } from "./row";

const root = path.join(__dirname, "..");
const windows = 10;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** What one window measured, in milliseconds. */
interface Activations {
  readonly emptyMs: number;
  readonly orketMs: number;
  /** The processor time of the host's thread, without what it waited for: other extensions are activated meanwhile. */
  readonly emptyCpuMs: number;
  readonly orketCpuMs: number;
  /** What the activation loaded, in bytes. */
  readonly loadedBytes: number;
}

function writeExtension(folder: string, name: string): string {
  const place = path.join(folder, `orket-bench.${name}-0.0.1`);
  mkdirSync(place, { recursive: true });
  const manifest = {
    name,
    publisher: "orket-bench",
    version: "0.0.1",
    engines: { vscode: "^1.106.0" },
    activationEvents: ["onCommand:none"],
  };
  writeFileSync(path.join(place, "package.json"), JSON.stringify({ ...manifest, main: "./main.js" }));
  writeFileSync(path.join(place, "main.js"), "exports.activate = () => undefined;\n");
  return place;
}

/** The extension that is activated first waits longer: two windows, with either one first, are compared together. */
function inPairs(times: readonly Activations[]): Pick<Activations, "emptyMs" | "orketMs">[] {
  return times.flatMap((one, index) => {
    const other = times[index + 1];
    return index % 2 === 1 || other === undefined
      ? []
      : [{ emptyMs: one.emptyMs + other.emptyMs, orketMs: one.orketMs + other.orketMs }];
  });
}

/** Runs inside the extension host, which requires a CommonJS file: activates both extensions, in an order that changes. */
function probe(out: string): string {
  return `const vscode = require("vscode");
const fs = require("node:fs");
const path = require("node:path");
exports.run = async () => {
  const timed = async (id) => {
    const extension = vscode.extensions.getExtension(id);
    if (extension === undefined || extension.isActive) throw new Error(id + " is not there, or active already");
    const cpu = process.threadCpuUsage();
    const start = performance.now();
    await extension.activate();
    const wallMs = performance.now() - start;
    const { user, system } = process.threadCpuUsage(cpu);
    return { wallMs, cpuMs: (user + system) / 1000 };
  };
  await timed("orket-bench.first");
  const done = fs.existsSync(${JSON.stringify(out)}) ? fs.readFileSync(${JSON.stringify(out)}, "utf8").split("\\n").length : 0;
  const ids = ["orket-bench.empty", "orket.orket"];
  const times = {};
  for (const id of done % 2 === 0 ? ids : ids.reverse()) times[id] = await timed(id);
  const dist = path.join(fs.realpathSync(vscode.extensions.getExtension("orket.orket").extensionPath), "dist");
  const loaded = Object.keys(require.cache).filter((file) => file.startsWith(dist));
  const loadedBytes = loaded.reduce((sum, file) => sum + fs.statSync(file).size, 0);
  const { wallMs: emptyMs, cpuMs: emptyCpuMs } = times["orket-bench.empty"];
  const { wallMs: orketMs, cpuMs: orketCpuMs } = times["orket.orket"];
  const line = { emptyMs, orketMs, emptyCpuMs, orketCpuMs, loadedBytes };
  fs.appendFileSync(${JSON.stringify(out)}, JSON.stringify(line) + "\\n");
};
`;
}

async function openWindow(browser: Browser, url: string): Promise<void> {
  const page = await browser.newPage();
  try {
    const code = new Promise<number>((resolve, reject) => {
      page.exposeFunction("codeAutomationExit", resolve).catch(reject);
    });
    await page.exposeFunction("codeAutomationLog", () => undefined);
    await page.goto(url);
    if ((await code) !== 0) throw new Error("The extensions were not activated.");
  } finally {
    await page.close();
  }
}

/** Activation in a real extension host, where an empty extension is activated beside Orket. */
export async function benchActivation(): Promise<BenchRow[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "orket-activation-"));
  const extensions = path.join(folder, "data", "extensions");
  const project = path.join(folder, "project");
  const out = path.join(folder, "times.ndjson");
  const test = path.join(folder, "probe.js");
  mkdirSync(project);
  mkdirSync(extensions, { recursive: true });
  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
    version: string;
  };
  symlinkSync(root, path.join(extensions, `orket.orket-${version}`), "dir");
  writeExtension(extensions, "empty");
  writeExtension(extensions, "first");
  const developed = writeExtension(folder, "developed");
  writeFileSync(test, probe(out));
  const server = await startServer({ dataFolder: path.join(folder, "data") });
  const browser = await launchBrowser();
  try {
    const url = workbenchUrl(server.port, project, { testModule: test, extension: developed });
    for (let window = 0; window < windows; window += 1) await openWindow(browser, url);
  } finally {
    await browser.close();
    await server.stop();
  }
  const times = readFileSync(out, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Activations);
  rmSync(folder, { recursive: true, force: true });
  const mid = (key: keyof Activations): string => median(times.map((one) => one[key])).toFixed(1);
  return [
    {
      name: "activation of the extension",
      value: median(inPairs(times).map(({ emptyMs, orketMs }) => orketMs / emptyMs)),
      unit: "× an empty one",
      atMost: 1.5,
      note: `empty: ${mid("emptyMs")} ms, ${mid("emptyCpuMs")} of the processor; Orket: ${mid("orketMs")} ms, ${mid("orketCpuMs")} of the processor`,
    },
    {
      name: "code that the activation loads",
      value: median(times.map(({ loadedBytes }) => loadedBytes)) / 1000,
      unit: "kB",
      atMost: 20,
    },
  ];
}
