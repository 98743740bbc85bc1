import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import path from "node:path";

/** A piece that cannot be installed or does not run here; its message gives the reason. */
export class Unavailable extends Error {}

/** Windows' number for an instruction that the processor does not have (STATUS_ILLEGAL_INSTRUCTION). */
const illegalInstructionStatus = 0xc000001d;
/** The shell's exit code for SIGILL: 128 and the signal's number. */
const illegalInstructionExit = 132;

/** Why a program ended, as the middle of a sentence. `minutes`: its time limit. */
export function whyEnded(code, signal, minutes) {
  if (signal === "SIGILL" || code === illegalInstructionExit || code === illegalInstructionStatus)
    return "it does not run on this machine's processor (illegal instruction)";
  if (signal === "SIGTERM") return `ended after ${minutes} minutes`;
  return signal === null ? `exit ${code}` : `ended by ${signal}`;
}

/** Runs a command with its output in a log, at low priority, since a build takes long and others work here too. */
export function run(folder, log, command, args, { env = {}, minutes = 60 } = {}) {
  const file = path.join(folder, "log", `${log}.log`);
  mkdirSync(path.dirname(file), { recursive: true });
  const output = openSync(file, "a");
  const gentle = process.platform === "win32" ? [command, ...args] : ["nice", "-n", "19", command, ...args];
  return new Promise((resolve, reject) => {
    const child = spawn(gentle[0], gentle.slice(1), {
      cwd: folder,
      stdio: ["ignore", output, output],
      env: { ...process.env, ...env },
      timeout: minutes * 60_000,
    });
    const fail = (why) => {
      const lines = readFileSync(file, "utf8").trim().split("\n");
      const telling = lines.filter((line) => /error|fatal|not found|no matching/i.test(line)).slice(-3);
      const said = (telling.length > 0 ? telling : lines.slice(-3))
        .join(" / ")
        .replace(/ \(from versions: [^)]*\)/g, "")
        .slice(0, 500);
      reject(new Unavailable(`${path.basename(command)} ${args.slice(0, 2).join(" ")}: ${why}. ${said}`));
    };
    child.on("error", (error) => fail(error.message));
    child.on("close", (code, signal) => {
      closeSync(output);
      if (code === 0) resolve();
      else fail(whyEnded(code, signal, minutes));
    });
  });
}
