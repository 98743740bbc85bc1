import { hash } from "node:crypto";
import path from "node:path";
import { OrketError } from "../../engine/error/orket-error";
import { ProviderError } from "../../engine/error/provider-error";
import { CancelSource } from "../../engine/port/cancellation";
import type { Cancellation } from "../../engine/port/cancellation";
import { isDiskCode } from "../files/file-system";
import { nodeEnvironment } from "../journal/environment";
import type { SessionEnvironment } from "../journal/jsonl-session-store";
import { lockState, SessionLock } from "../journal/lock";
import type { LockState } from "../journal/lock";
import { ownIdentity } from "../system/process-identity";
import { randomName } from "../system/random";
import { userStateFolder } from "../system/user-state";
import { makeFolder } from "../files/make-folder";

/** How often a waiting call looks whether it is its turn, in milliseconds. */
const pollMs = 100;
/** How long a process that was found alive counts as alive, in milliseconds: some systems start a program to find out. */
const aliveMs = 2000;

/** A call that wants a slot. */
export interface SlotRequest {
  /** Equal for all calls to the same backend. */
  readonly backend: string;
  /** How many calls the backend may process at once. */
  readonly slots: number;
  readonly session: string;
  /** When the call arrived, epoch milliseconds. */
  readonly sinceMs: number;
}

interface Checked {
  readonly identity: string;
  readonly state: LockState | undefined;
  readonly atMs: number;
}

const ticketPattern = /^wait-\d{15}-[a-z0-9]{8}$/;

/**
 * The slots of model backends, counted over all processes of a user on this machine: a slot is a lock file in the user's
 * state folder, and so is the ticket of a call that waits. The oldest ticket of a living process gets the next slot. Like a
 * session's lock, those of a process that has ended count no more. Processes that cannot see each other (containers) have
 * slots of their own.
 */
export class MachineSlots {
  readonly #folder: string;
  readonly #environment: Pick<SessionEnvironment, "fs" | "clock" | "random">;
  readonly #checked = new Map<string, Checked>();
  /** The sleep of each call of this process that waits. */
  readonly #naps = new Set<CancelSource>();

  constructor(folder: string, environment: Pick<SessionEnvironment, "fs" | "clock" | "random">) {
    this.#folder = folder;
    this.#environment = environment;
  }

  /**
   * Waits for a slot; the returned function frees it. @param waits takes the sessions whose calls are running.
   * @throws {ProviderError} cancelled.
   * @throws the disk's errors when the folder cannot be used.
   */
  async enter(
    request: SlotRequest,
    waits: (behind: readonly string[]) => void,
    cancellation: Cancellation,
  ): Promise<() => Promise<void>> {
    const { slots, session, sinceMs } = request;
    const { clock, random } = this.#environment;
    const place = await this.#placeOf(request.backend);
    const own = `wait-${String(Math.max(0, sinceMs)).padStart(15, "0")}-${randomName(random, 8)}`;
    let ticket: SessionLock | undefined;
    try {
      for (;;) {
        if (cancellation.aborted)
          throw new ProviderError("cancelled", "The call was cancelled while it waited for its turn.");
        const { free, busy } = await this.#slotsIn(place, slots);
        if (free !== undefined && (await this.#isFirst(place, own))) {
          const lock = await this.#tryLock(free, session);
          if (lock !== undefined) return () => this.#leave(lock);
          continue;
        }
        if (ticket === undefined) {
          ticket = await this.#tryLock(path.join(place, own), session);
          continue;
        }
        if (busy.length > 0) waits([...new Set(busy)]);
        await this.#nap(clock, cancellation);
      }
    } finally {
      await ticket?.release().catch(() => undefined);
      this.#wake();
    }
  }

  async #placeOf(backend: string): Promise<string> {
    const { host, machine, pids } = await ownIdentity();
    const name = hash("sha256", JSON.stringify([host, machine, pids, backend]), "hex").slice(0, 24);
    const place = path.join(this.#folder, name);
    await makeFolder(place, 0o700);
    return place;
  }

  /** The file of the first slot that is free, if there is one, and the sessions that have the others. */
  async #slotsIn(place: string, slots: number): Promise<{ free: string | undefined; busy: string[] }> {
    const busy: string[] = [];
    for (let number = 0; number < slots; number += 1) {
      const file = path.join(place, `slot-${number}`);
      const state = await this.#stateOf(file);
      if (state?.alive !== true) return { free: file, busy };
      busy.push(state.holder?.session ?? "another process");
    }
    return { free: undefined, busy };
  }

  /** Whether no call that arrived earlier waits. A suspended process does not hold up the others. */
  async #isFirst(place: string, own: string): Promise<boolean> {
    const entries = await this.#environment.fs.readDir(place);
    const earlier = entries.map(({ name }) => name).filter((name) => ticketPattern.test(name) && name < own);
    for (const name of earlier.sort()) {
      const file = path.join(place, name);
      const state = await this.#stateOf(file);
      if (state?.liveness === "alive") return false;
      if (state?.liveness === "dead") await this.#environment.fs.unlink(file).catch(() => undefined);
    }
    return true;
  }

  async #stateOf(file: string): Promise<LockState | undefined> {
    const { fs, clock } = this.#environment;
    const identity = identityOf(fs, file);
    const known = this.#checked.get(file);
    const atMs = clock.nowMs();
    if (identity !== undefined && known?.identity === identity && atMs - known.atMs < aliveMs)
      return known.state;
    const state = await lockState(fs, file);
    if (identity === undefined || state === undefined) this.#checked.delete(file);
    else this.#checked.set(file, { identity, state, atMs });
    return state;
  }

  async #tryLock(file: string, session: string): Promise<SessionLock | undefined> {
    this.#checked.delete(file);
    try {
      return await SessionLock.acquire({ ...this.#environment, session }, file);
    } catch (error) {
      if (OrketError.is(error, "session_locked")) return undefined;
      throw error;
    }
  }

  async #leave(lock: SessionLock): Promise<void> {
    // Where the disk refuses, the file no longer counts once this process has ended.
    await lock.release().catch(() => undefined);
    this.#wake();
  }

  #wake(): void {
    for (const nap of this.#naps) nap.cancel();
  }

  async #nap(clock: SessionEnvironment["clock"], cancellation: Cancellation): Promise<void> {
    const nap = new CancelSource();
    const end = (): void => nap.cancel();
    cancellation.addEventListener("abort", end, { once: true });
    this.#naps.add(nap);
    await clock.sleep(pollMs, nap);
    this.#naps.delete(nap);
    cancellation.removeEventListener("abort", end);
  }
}

function identityOf(fs: SessionEnvironment["fs"], file: string): string | undefined {
  try {
    return fs.identityNow(file);
  } catch (error) {
    if (isDiskCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

/** Those in the user's state folder. */
export function machineSlots(): MachineSlots {
  return new MachineSlots(path.join(userStateFolder(), "slots"), nodeEnvironment);
}
