import type { Command } from "../command";
import { blameCommand } from "./blame";
import { checkCommand } from "./check";
import { compareCommand } from "./compare";
import { diffCommand } from "./diff";
import { driftCommand } from "./drift";
import { exportCommand } from "./export";
import { forkCommand } from "./fork";
import { makeHelpCommand } from "./help";
import { deleteCommand, pruneCommand, renameCommand } from "./housekeeping";
import { importCommand } from "./import";
import { initCommand } from "./init";
import { newCommand } from "./new";
import { planCommand } from "./plan";
import { repeatCommand } from "./repeat";
import { replayCommand } from "./replay";
import { resumeCommand } from "./resume";
import { acceptCommand, rejectCommand, revertCommand } from "./review";
import { runCommand } from "./run";
import { sessionsCommand } from "./sessions";
import { showCommand } from "./show";
import { validateCommand } from "./validate";
import { venuesCommand } from "./venues";
import { verifyCommand } from "./verify";

/** All commands, in the order in which the help lists them. */
export const commands: readonly Command[] = [
  initCommand,
  newCommand,
  importCommand,
  validateCommand,
  planCommand,
  checkCommand,
  runCommand,
  resumeCommand,
  sessionsCommand,
  showCommand,
  diffCommand,
  acceptCommand,
  rejectCommand,
  revertCommand,
  driftCommand,
  blameCommand,
  verifyCommand,
  replayCommand,
  repeatCommand,
  forkCommand,
  compareCommand,
  exportCommand,
  renameCommand,
  deleteCommand,
  pruneCommand,
  venuesCommand,
  makeHelpCommand(() => commands),
];
