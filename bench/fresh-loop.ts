import { durableLoop } from "./durable-loop";
import { model, ownText, system } from "./fresh-texts";

/* The durable floor as a process: `fresh-loop.cjs FOLDER STEPS PORT`. */

const [folder = "", count = "0", port = "0"] = process.argv.slice(2);

void durableLoop(folder, Number(count), Number(port), {
  model,
  system,
  user: (number, last) => `# Task\n\nMake it so.\n\n# Your step: s${number}\n\n${ownText(number)} ${last}`,
});
