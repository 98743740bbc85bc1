/*
 * A separate process that wants one slot: `node --require HOOK slot-child.ts FOLDER SESSION`. Says when it waits and when it
 * has it, and then keeps it.
 */
import process from "node:process";
import { MachineSlots } from "../../src/adapters/provider/machine-slots";
import { CancelSource } from "../../src/engine/port/cancellation";
import { environment } from "./session";

const [folder = "", session = ""] = process.argv.slice(2);
const request = { backend: "openai http://127.0.0.1:1", slots: 1, session, sinceMs: Date.now() };
const say = (text: string): void => void process.stdout.write(`${text}\n`);
void new MachineSlots(folder, environment())
  .enter(request, (behind) => say(`waits for ${behind.join()}`), new CancelSource())
  .then(() => {
    say("has it");
    setInterval(() => undefined, 1000);
  });
