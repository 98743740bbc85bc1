import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Megabytes still held after garbage collection. */
export function heldMb(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}
