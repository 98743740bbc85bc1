/*
 * `npm run simulate -- [--minutes N] [--from SEED]`: one simulated world after the other, for the given time, beyond
 * those of the gate. A seed that breaks a promise is printed with that promise; ORKET_SEED=N with the suite
 * `simulation` runs it again.
 */
import { createRequire } from "node:module";
import path from "node:path";
import { parseArgs } from "node:util";
import { root } from "./bootstrap.mjs";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "1" }, from: { type: "string", default: "1000001" } },
});
const require = createRequire(import.meta.url);
require(path.join(root, "scripts", "transpile-hook.cjs"));
const { simulate } = require(path.join(root, "test", "simulation", "world.ts"));

const untilMs = performance.now() + Number(values.minutes) * 60_000;
const total = { worlds: 0, events: 0, kills: 0, powerLosses: 0, ended: 0 };
const failed = [];
for (let seed = Number(values.from); performance.now() < untilMs; seed += 1) {
  try {
    const { events, kills, powerLosses, ended } = await simulate(seed);
    total.events += events;
    total.kills += kills;
    total.powerLosses += powerLosses;
    total.ended += ended ? 1 : 0;
  } catch (error) {
    failed.push(seed);
    console.error(`seed ${seed}: ${error.stack ?? error}`);
  }
  total.worlds += 1;
}
console.log(
  `${total.worlds} worlds, ${total.events} events, ${total.kills} kills (${total.powerLosses} with a power loss), ${total.ended} sessions ended; ${failed.length === 0 ? "every promise kept" : `broken by the seeds ${failed.join(", ")}`}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
