import fs from "node:fs";
import path from "node:path";
import * as z from "zod";
import { sha256 } from "../../adapters/system/sha256";
import { ownIdentity } from "../../adapters/system/process-identity";
import { readState, userStateFolder, writeState } from "../../adapters/system/user-state";
import { commandTableText } from "../../engine/model/command";
import type { CommandTable } from "../../engine/model/command";
import { once } from "../../engine/model/once";

const recordSchema = once(() =>
  z.object({
    format: z.literal(1),
    machine: z.string(),
    project: z.string(),
    agreed: z.record(z.string(), z.object({ at: z.string(), flow: z.string() })),
  }),
);
type ConsentRecord = z.infer<ReturnType<typeof recordSchema>>;

/** The digest that a consent to a command table is bound to. */
export function commandDigest(table: CommandTable): string {
  return sha256(commandTableText(table));
}

/**
 * What the user has agreed to in one project on this machine. It is stored in the
 * user's state folder, so that a project that comes from elsewhere brings no consent with it.
 */
export class Consent {
  readonly #workDomain: string;
  readonly #folder: string;

  constructor(workDomain: string, folder = userStateFolder()) {
    this.#workDomain = workDomain;
    this.#folder = folder;
  }

  async isAgreed(digest: string): Promise<boolean> {
    const { record } = await this.#read();
    return Object.hasOwn(record.agreed, digest);
  }

  /** The user has seen the table and agreed. */
  async agree(digest: string, flow: string): Promise<void> {
    const { record, file } = await this.#read();
    const at = new Date().toISOString();
    await writeState(file, { ...record, agreed: { ...record.agreed, [digest]: { at, flow } } });
  }

  /** Withdraws every consent of the project. */
  async withdraw(): Promise<void> {
    const { record, file } = await this.#read();
    await writeState(file, { ...record, agreed: {} });
  }

  async #read(): Promise<{ readonly record: ConsentRecord; readonly file: string }> {
    const { host, machine } = await ownIdentity();
    const here = machine === "" ? host : machine;
    const project = await fs.promises.realpath(this.#workDomain).catch(() => this.#workDomain);
    const name = sha256(`${here}\n${project}`).slice(0, 32);
    const file = path.join(this.#folder, "commands", `${name}.json`);
    const read = recordSchema().safeParse(await readState(file));
    const isOurs = read.success && read.data.machine === here && read.data.project === project;
    const empty: ConsentRecord = { format: 1, machine: here, project, agreed: {} };
    return { record: isOurs ? read.data : empty, file };
  }
}
