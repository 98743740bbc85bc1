import type { Command } from "../command";
import { exitCodes } from "../exit-code";
import { commandHelp, mainHelp } from "../help";
import { unknownCommand } from "../parse";

/** The command that explains the others. */
export function makeHelpCommand(commands: () => readonly Command[]): Command {
  return {
    name: "help",
    summary: "Explain a command.",
    args: [{ name: "COMMAND", optional: true, summary: "The command; without it, all are listed." }],
    options: [],
    staysHere: true,
    examples: [{ line: "orket help run", does: "how to use orket run" }],
    run: async ({ io, given }) => {
      const [word] = given.positionals;
      const columns = Math.min(io.stdout.columns, 100);
      const command = commands().find(({ name }) => name === word);
      if (word !== undefined && command === undefined) throw unknownCommand(word, commands());
      io.stdout.write(command === undefined ? mainHelp(commands(), columns) : commandHelp(command, columns));
      return exitCodes.done;
    },
  };
}
