/*
 * A process that performs the journey with commands in FOLDER and kills itself, by the system's own SIGKILL, some time
 * after it received an event: immediately, in the next turn, or a number of milliseconds later, while a command runs.
 */
import process from "node:process";
import { perform, placesIn } from "./command-journey";

const [folder = "", seq = "0", delayMs = "0"] = process.argv.slice(2);
const die = (): void => {
  process.kill(process.pid, "SIGKILL");
};
void perform(placesIn(folder), (event) => {
  if (event.seq !== Number(seq)) return;
  if (delayMs === "0") die();
  else setTimeout(die, Number(delayMs));
});
