import { open } from "node:fs/promises";
import path from "node:path";
import { Agent, request } from "undici";

/** What the loop sends. */
export interface LoopTexts {
  readonly model: string;
  readonly system: string;
  /** The prompt of a step, given the reply of the step before it. */
  readonly user: (number: number, last: string) => string;
}

/** The durable floor: a call a step, one JSON line with one fsync. */
export async function durableLoop(
  folder: string,
  steps: number,
  port: number,
  { model, system, user }: LoopTexts,
): Promise<void> {
  const file = await open(path.join(folder, "log.jsonl"), "a");
  const dispatcher = new Agent();
  let last = "";
  for (let number = 0; number < steps; number += 1) {
    const messages = [
      { role: "system", content: system },
      { role: "user", content: user(number, last) },
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
