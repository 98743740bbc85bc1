/*
 * A separate process that writes a session: `node --require HOOK writer-child.ts PROJECT SESSION`. Each line that it
 * reads is a command, and each line that it writes an answer: "append" adds an event and an artifact, "close" closes.
 */
import { createInterface } from "node:readline";
import process from "node:process";
import { openSession } from "../../src/adapters/journal/session-folder";
import { draft } from "../../src/engine/event/event";
import { OrketError } from "../../src/engine/error/orket-error";
import { environment } from "./session";

async function main(): Promise<void> {
  const [directory = ""] = process.argv.slice(2);
  const { store } = await openSession({ ...environment(), program: "command_line" }, directory);
  let count = 0;
  const work: Readonly<Record<string, () => Promise<void>>> = {
    append: async () => {
      count += 1;
      store.append([draft("notes_updated", "plan", { call_id: `c${count}`, set: { child: `${count}` } })]);
      await store.flush();
    },
    materialise: async () => {
      const content = store.putBytes(Buffer.from("the child's"));
      await store.materialise("a.txt", content);
    },
    close: () => store.close(),
  };
  process.stdout.write(`ready ${process.pid}\n`);
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      await work[line]?.();
      process.stdout.write("done\n");
    } catch (error) {
      process.stdout.write(
        `${OrketError.is(error) ? `${error.code}: ${error.message} ${error.hint ?? ""}` : String(error)}\n`,
      );
    }
  }
}

void main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
