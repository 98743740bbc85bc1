import { searchFolders } from "../adapters/command/environment";
import { findRipgrep } from "../adapters/files/ripgrep";
import { createHttpFetch } from "../adapters/provider/http/http-fetch";
import type { HttpFetch } from "../adapters/provider/http/http-fetch";
import { CallSlots } from "../adapters/provider/call-slots";
import { machineSlots } from "../adapters/provider/machine-slots";
import { MeshPool } from "../adapters/provider/mesh/mesh-pool";
import { AllowedKeys, readAllowedKey } from "../app/keys/allowed-keys";
import type { RuntimeOptions } from "../app/session/session";
import { nodeEnvironment } from "../adapters/journal/environment";
import { findSession } from "../app/session/session-list";
import type { SessionSummary } from "../app/session/session-list";
import { OrketError } from "../engine/error/orket-error";
import { ownIdentity } from "../adapters/system/process-identity";
import { once } from "../engine/model/once";
import type { CommandContext } from "./command";
import type { Environment } from "./io";

declare const ORKET_VERSION: string;

/** The variable that holds a stored secret for the command line, which has no store of its own. */
function secretVariable(name: string): string {
  return `ORKET_SECRET_${name.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;
}

/** Reads `env:NAME` and `secret:NAME` from the environment. */
function secretsFrom(env: Environment): (reference: string) => Promise<string> {
  return async (reference) => {
    const at = reference.indexOf(":");
    const kind = reference.slice(0, at);
    const name = reference.slice(at + 1);
    const variable = kind === "env" ? name : secretVariable(name);
    const value = env[variable];
    if (value !== undefined && value !== "") return value;
    throw new OrketError("secret_missing", `The key '${reference}' is not there.`, {
      hint: `Set the environment variable ${variable}.`,
      details: { variable },
    });
  };
}

/** Which keys may go where: from the user's file and from this call's options. @throws {OrketError} usage */
function keysOf({ given }: Pick<CommandContext, "io" | "given">): AllowedKeys {
  return new AllowedKeys(given.all("allow-key").flatMap(readAllowedKey));
}

/** Calls `work` with what a session needs, and closes the connections afterwards. */
export async function withRuntime<T>(
  { io, given, workDomain }: CommandContext,
  work: (options: RuntimeOptions) => Promise<T>,
): Promise<T> {
  const fetch: HttpFetch = createHttpFetch();
  const mesh = new MeshPool();
  // What a lock says of this process is read while the Venue is asked.
  void ownIdentity();
  const ripgrep = once(() => findRipgrep(searchFolders(io.env), workDomain));
  try {
    return await work({
      workDomain,
      startDirectory: io.cwd,
      engineVersion: ORKET_VERSION,
      startedBy: "command_line",
      // Looked for when a search needs it.
      get ripgrep() {
        return ripgrep();
      },
      resolveSecret: keysOf({ io, given }).guard(secretsFrom(io.env)),
      ...(given.flag("foreign") ? { confirmForeign: () => Promise.resolve(true) } : {}),
      fetch,
      mesh,
      slots: new CallSlots(() => machineSlots()),
      // Starting the command line in a folder means trusting it; what may run is confirmed by its digest.
      commands: {
        isTrusted: () => true,
        secret: (name) => secretsFrom(io.env)(`secret:${name}`),
      },
    });
  } finally {
    mesh.close();
    await fetch.close();
  }
}

/** The session that the command's first argument names. */
export function sessionOf({ given, workDomain }: CommandContext): Promise<SessionSummary> {
  return findSession(nodeEnvironment.fs, workDomain, given.positionals[0] ?? "");
}
