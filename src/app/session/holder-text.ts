import { holderName } from "../../adapters/journal/lock";
import type { LockHolder, LockState } from "../../adapters/journal/lock";

/** Why a session cannot be acted on here, as a sentence. */
export function holderText({ holder, liveness }: LockState): string {
  if (holder === undefined) return "another process holds it; its lock cannot be read.";
  const has = `${nameOf(holder)} holds it since ${new Date(holder.since).toLocaleTimeString()}`;
  switch (liveness) {
    case "suspended":
      return `${has}, and is suspended. It continues with the session when it is resumed.`;
    case "unknown":
      return `${has}; whether that process is still running cannot be seen from here.`;
    default:
      return `${has}.`;
  }
}

function nameOf(holder: LockHolder): string {
  const { program, pid, host } = holder;
  return program === "editor" ? `another window of VS Code (process ${pid} on ${host})` : holderName(holder);
}
