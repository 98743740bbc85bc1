/*
 * Known vulnerabilities of the packages in the lock file, from the registry that npm is configured with. Works from
 * package-lock.json alone, so that nothing need be installed. A finding of severity high or critical fails; an unreachable
 * registry is reported but does not fail, since a machine without a network could then check nothing.
 */
import { spawnSync } from "node:child_process";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "..");
const timeoutMs = 30_000;
const failing = new Set(["high", "critical"]);

const { stdout, error, signal } = spawnSync(
  process.platform === "win32" ? "npm.cmd" : "npm",
  ["audit", "--package-lock-only", "--json", "--fetch-retries=0", "--fetch-timeout=20000"],
  { cwd: root, encoding: "utf8", timeout: timeoutMs, shell: process.platform === "win32" },
);

function report() {
  if (error || signal)
    return { asked: false, why: error?.message ?? `no answer within ${timeoutMs / 1000} s` };
  try {
    const { vulnerabilities, message, error: refusal } = JSON.parse(stdout);
    if (vulnerabilities === undefined)
      return { asked: false, why: message ?? refusal?.summary ?? "no answer" };
    return { asked: true, found: Object.values(vulnerabilities) };
  } catch {
    return { asked: false, why: "npm gave no report" };
  }
}

const { asked, why, found = [] } = report();
if (!asked) console.log(`note: the packages were not audited: the registry could not be asked (${why}).`);
for (const { name, severity, range } of found) console.log(`note: ${name} ${range}: ${severity}`);
if (found.some(({ severity }) => failing.has(severity))) process.exitCode = 1;
