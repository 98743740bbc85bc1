/*
 * A separate process that tries to take a lock repeatedly: `node --require HOOK lock-child.ts LOCK TURNS MODE`.
 * While it holds the lock, no other process may write `inside`; two holders at the same time become visible there.
 * MODE "die" ends the process by SIGKILL while it holds the lock, "free" releases it, "hold" keeps it.
 */
import { appendFileSync, mkdirSync, rmdirSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { SessionLock } from "../../src/adapters/journal/lock";
import { OrketError } from "../../src/engine/error/orket-error";
import { environment } from "./session";
import { pace } from "../until";

async function main(): Promise<void> {
  const [file = "", turns = "1", mode = "free"] = process.argv.slice(2);
  const dir = path.dirname(path.dirname(file));
  const inside = path.join(dir, "inside");
  for (let turn = 0; turn < Number(turns); turn += 1) {
    let lock: SessionLock;
    try {
      lock = await SessionLock.acquire(environment(), file);
    } catch (error) {
      if (!OrketError.is(error, "session_locked")) throw error;
      process.stdout.write("locked\n");
      await pace(1);
      continue;
    }
    if (mode === "hold") {
      process.stdout.write("held\n");
      setInterval(() => undefined, 1000);
      return;
    }
    try {
      mkdirSync(inside);
    } catch {
      appendFileSync(path.join(dir, "collisions"), `${process.pid}\n`);
    }
    appendFileSync(path.join(dir, "entries"), `${process.pid}\n`);
    await pace(1);
    rmdirSync(inside);
    if (mode === "die") process.kill(process.pid, "SIGKILL");
    if (mode === "exit") process.exit(0);
    await lock.release();
  }
}

void main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
