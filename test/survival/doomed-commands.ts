/*
 * A process that performs the journey with commands in FOLDER and kills itself, by the system's own SIGKILL, some time
 * after an event was told: at once, in the next turn, or so many milliseconds later, while a command runs.
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
