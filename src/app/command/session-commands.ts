import { NodeCommandRunner } from "../../adapters/command/runner";
import type { RunnerOptions } from "../../adapters/command/runner";
import type { CommandTable } from "../../engine/model/command";
import type { Definition } from "../../engine/model/definition";
import { noCommands } from "../../engine/port/commands";
import type { CommandRunner } from "../../engine/port/commands";
import type { RuntimeOptions } from "../session/session";
import { commandDigest, Consent } from "./consent";

type Refusal = NonNullable<Awaited<ReturnType<RunnerOptions["agreed"]>>>;

/** What the user decided about the project's commands. */
export function consentOf({
  workDomain,
  commands,
}: Pick<RuntimeOptions, "workDomain" | "commands">): Consent {
  return new Consent(workDomain, commands?.stateFolder);
}

function refused(reason: Refusal["reason"], message: string): Refusal {
  return { kind: "refused", reason, message };
}

/** The commands of a definition, none where it has none. */
export function commandsOf({ flow }: Definition): CommandTable {
  return flow.commands ?? {};
}

/** The digest of a definition's commands; undefined where it has none. */
export function digestOf(definition: Definition): string | undefined {
  const { commands } = definition.flow;
  if (commands === undefined || Object.keys(commands).length === 0) return undefined;
  return commandDigest(commands);
}

/** Whether commands of the session may start; else the refusal that states what is missing. */
async function refusalFor(
  definition: Definition,
  options: RuntimeOptions,
  ours: boolean,
): Promise<Refusal | undefined> {
  if (options.commands?.isTrusted() !== true) {
    return refused("untrusted", "Commands do not run in a folder that is not trusted.");
  }
  const digest = digestOf(definition);
  if (digest === undefined) return refused("consent", "The Flow has no commands.");
  const consent = consentOf(options);
  if (!(await consent.isAgreed(digest))) {
    return refused(
      "consent",
      `Nobody has agreed to the commands of the Flow ${definition.flow.name} on this machine. 'orket plan' shows them; agree with --allow-commands ${digest}, or in the editor when the session goes on.`,
    );
  }
  if (!ours) {
    return refused(
      "consent",
      "This session was written on another machine, so its commands do not run here. Fork it: the fork is yours.",
    );
  }
  return undefined;
}

/** What runs the commands of a session. @param ours whether this user wrote it on this machine. */
export function commandRunner(definition: Definition, options: RuntimeOptions, ours: boolean): CommandRunner {
  const { commands } = options;
  if (commands === undefined || digestOf(definition) === undefined) return noCommands;
  return new NodeCommandRunner({
    ...commands.runner,
    workDomain: options.workDomain,
    policy: definition.flow.policy,
    secret: commands.secret,
    agreed: () => refusalFor(definition, options, ours),
  });
}
