import type { Command } from "../command";
import { diffCommand } from "./diff";
import { makeHelpCommand } from "./help";
import { initCommand } from "./init";
import { planCommand } from "./plan";
import { resumeCommand } from "./resume";
import { acceptCommand, rejectCommand, revertCommand } from "./review";
import { runCommand } from "./run";
import { sessionsCommand } from "./sessions";
import { showCommand } from "./show";
import { validateCommand } from "./validate";
import { venuesCommand } from "./venues";

/** All commands, in the order in which the help lists them. */
export const commands: readonly Command[] = [
  initCommand,
  validateCommand,
  planCommand,
  runCommand,
  resumeCommand,
  sessionsCommand,
  showCommand,
  diffCommand,
  acceptCommand,
  rejectCommand,
  revertCommand,
  venuesCommand,
  makeHelpCommand(() => commands),
];
