/*
 * A process that performs the journey in FOLDER and kills itself, by the system's own SIGKILL, before or after one
 * disk operation. It prints each event as soon as it receives it.
 */
import { writeSync } from "node:fs";
import process from "node:process";
import { FaultyFileSystem } from "../fakes/faulty-file-system";
import { begin, runtimeOptions, Witness } from "./journey";

const [folder = "", moment = "before", operation = "1"] = process.argv.slice(2);
const fs = new FaultyFileSystem();
fs.everything = true;
fs[moment === "before" ? "before" : "after"] = ({ number }) => {
  if (number === Number(operation)) process.kill(process.pid, "SIGKILL");
};
const witness = new Witness();
witness.onEvent = (event) => {
  writeSync(1, `${JSON.stringify(event)}\n`);
};
void begin(runtimeOptions(folder, fs, process.pid), witness);
