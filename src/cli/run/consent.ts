import type { RuntimeOptions } from "../../app/session/session";
import { consentOf, digestOf } from "../../app/command/session-commands";
import { commandTableLines } from "../../app/command/table-text";
import { OrketError } from "../../engine/error/orket-error";
import type { Definition } from "../../engine/model/definition";
import type { CommandContext } from "../command";
import { safeLine } from "../text/safe";
import { TypedLines } from "./lines";

function refusal(flow: string, digest: string, call: string): OrketError {
  return new OrketError(
    "consent_missing",
    `Nobody has agreed to the commands of the Flow ${safeLine(flow)} on this machine.`,
    {
      hint: `Look at them with 'orket plan ${safeLine(flow)}', then agree with '${call} --allow-commands ${digest}'.`,
      details: { sha256: digest },
    },
  );
}

/**
 * Ensures that the user agreed to the definition's commands before any starts: earlier, by `--allow-commands DIGEST`,
 * or now, on a terminal that shows the table.
 * @throws {OrketError} consent_missing, usage.
 */
export async function requireConsent(
  definition: Definition,
  { io, given }: CommandContext,
  options: RuntimeOptions,
  call: string,
): Promise<void> {
  const digest = digestOf(definition);
  const named = given.value("allow-commands");
  const { name, commands = {} } = definition.flow;
  if (digest === undefined) return;
  const consent = consentOf(options);
  if (named !== undefined && named !== digest) {
    throw new OrketError("consent_missing", "The commands are not those that --allow-commands names.", {
      hint: `Their digest is ${digest}: look at them with 'orket plan ${safeLine(name)}' before you agree.`,
      details: { sha256: digest },
    });
  }
  if (named === digest) return consent.agree(digest, name);
  if (await consent.isAgreed(digest)) return;
  if (!io.interactive || given.flag("json")) throw refusal(name, digest, call);
  io.stderr.line(io.stderr.style.bold(`The Flow ${safeLine(name)} can run these commands:`));
  io.stderr.line();
  for (const line of commandTableLines(commands)) io.stderr.line(line === "" ? "" : `  ${safeLine(line)}`);
  io.stderr.line();
  io.stderr.write("Agree for this project on this machine? [y/N] > ");
  const lines = new TypedLines(io.stdin);
  try {
    const answer = (await lines.next())?.trim().toLowerCase();
    if (answer !== "y" && answer !== "yes") throw refusal(name, digest, call);
  } finally {
    lines.stop();
  }
  await consent.agree(digest, name);
}
