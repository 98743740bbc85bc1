import { open } from "node:fs/promises";
import path from "node:path";
import { Agent, request } from "undici";
import { model, ownText, system } from "./fresh-texts";

/*
 * The durable floor as a process: `fresh-loop.cjs FOLDER STEPS PORT` makes a call a step and writes one JSON line, with one
 * fsync.
 */

async function main([folder = "", count = "0", port = "0"]: readonly string[]): Promise<void> {
  const file = await open(path.join(folder, "log.jsonl"), "a");
  const dispatcher = new Agent();
  let last = "";
  for (let number = 0; number < Number(count); number += 1) {
    const messages = [
      { role: "system", content: system },
      {
        role: "user",
        content: `# Task\n\nMake it so.\n\n# Your step: s${number}\n\n${ownText(number)} ${last}`,
      },
    ];
    const body = JSON.stringify({ model, messages });
    const answer = await request(`http://127.0.0.1:${port}/floor`, { method: "POST", dispatcher, body });
    last = ((await answer.body.json()) as { reply: string }).reply;
    await file.write(`${JSON.stringify({ step: number, messages, reply: last })}\n`);
    await file.sync();
  }
  await file.close();
  await dispatcher.close();
}

void main(process.argv.slice(2));
