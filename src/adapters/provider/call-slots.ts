import { ProviderError } from "../../engine/error/provider-error";
import type { Cancellation } from "../../engine/port/cancellation";
import type { ModelProvider, ModelRequest } from "../../engine/port/model-provider";
import type { MachineSlots, SlotRequest } from "./machine-slots";

interface Waiting {
  readonly session: string;
  readonly slots: number;
  readonly start: () => void;
  /** Takes the sessions whose calls are running. */
  readonly waits: (behind: readonly string[]) => void;
}

interface Backend {
  /** The session of each running call. */
  readonly running: string[];
  /** The next one first. */
  readonly queue: Waiting[];
}

/** Why the calls of other processes are not counted. */
const uncounted = "The calls of other windows and terminals were not counted for the Venue's `slots`";

/**
 * The model backends that process a bounded number of calls at once (`slots` of a Venue). Calls of all sessions wait in the
 * order of their arrival: those of this process here, and with those of other processes for the machine's slots. A host
 * creates one and passes it to every session.
 */
export class CallSlots {
  readonly #backends = new Map<string, Backend>();
  readonly #machineSlots: (() => MachineSlots) | undefined;
  #machine: MachineSlots | undefined;

  /** @param machineSlots counts the calls of all processes; without it, only those of this one are counted. */
  constructor(machineSlots?: () => MachineSlots) {
    this.#machineSlots = machineSlots;
  }

  /** The provider, of whose backend `slots` calls run at once. @param backend names it: equal for all that share it. */
  bound(provider: ModelProvider, backend: string, slots: number): ModelProvider {
    return {
      call: async (request, onDelta, cancellation) => {
        const sinceMs = Date.now();
        let waited = false;
        const waits = (behind: readonly string[]): void => {
          waited = true;
          onDelta({ kind: "waiting", behind });
        };
        const leave = await this.#enter(backend, slots, request, waits, cancellation);
        try {
          const { session } = request.origin;
          const slot = await this.#slot({ backend, slots, session, sinceMs }, waits, cancellation);
          if (waited) onDelta({ kind: "waiting", behind: [] });
          try {
            const reply = await provider.call(request, onDelta, cancellation);
            const { problem } = slot;
            return problem === undefined ? reply : { ...reply, notices: [...(reply.notices ?? []), problem] };
          } finally {
            await slot.free();
          }
        } finally {
          leave();
        }
      },
    };
  }

  /** A slot of the machine. Where the disk has no place for it, only this process is counted, and the reply says so. */
  async #slot(
    request: SlotRequest,
    waits: Waiting["waits"],
    cancellation: Cancellation,
  ): Promise<{ free: () => Promise<void>; problem?: string }> {
    const free = (): Promise<void> => Promise.resolve();
    if (this.#machineSlots === undefined) return { free };
    try {
      this.#machine ??= this.#machineSlots();
      return { free: await this.#machine.enter(request, waits, cancellation) };
    } catch (error) {
      if (ProviderError.is(error)) throw error;
      return { free, problem: `${uncounted}: ${error instanceof Error ? error.message : String(error)}` };
    }
  }

  async #enter(
    key: string,
    slots: number,
    { origin: { session } }: ModelRequest,
    waits: Waiting["waits"],
    cancellation: Cancellation,
  ): Promise<() => void> {
    const backend = this.#backends.get(key) ?? { running: [], queue: [] };
    this.#backends.set(key, backend);
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        backend.queue.splice(backend.queue.indexOf(entry), 1);
        reject(new ProviderError("cancelled", "The call was cancelled while it waited for its turn."));
        this.#next(key, backend);
      };
      const start = (): void => {
        cancellation.removeEventListener("abort", leave);
        resolve();
      };
      const entry: Waiting = { session, slots, start, waits };
      backend.queue.push(entry);
      if (cancellation.aborted) return leave();
      cancellation.addEventListener("abort", leave, { once: true });
      this.#next(key, backend);
    });
    return () => {
      backend.running.splice(backend.running.indexOf(session), 1);
      this.#next(key, backend);
    };
  }

  /** Starts what may start, and tells the others for whom they wait. */
  #next(key: string, { running, queue }: Backend): void {
    for (let [first] = queue; first !== undefined && running.length < first.slots; [first] = queue) {
      queue.shift();
      running.push(first.session);
      first.start();
    }
    for (const { waits } of queue) waits([...new Set(running)]);
    if (running.length === 0 && queue.length === 0) this.#backends.delete(key);
  }
}
