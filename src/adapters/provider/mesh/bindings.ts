import type { AnsweringModel } from "../../../engine/port/model-provider";
import { isSameModel } from "./fingerprint";

interface Held {
  readonly model: AnsweringModel;
  /** Calls of the session that it is processing. */
  calls: number;
  answered: boolean;
}

/** Sessions remembered here; what older ones were bound to is restored from their journals. */
const mostSessions = 1000;

/** Which models answered, or are answering, a session's calls, for `same_model`. */
export class Bindings {
  readonly #held = new Map<string, Held[]>();

  /** What the session's calls for a model are bound to, oldest first. */
  of(session: string, asked: string): readonly AnsweringModel[] {
    return (this.#held.get(keyOf(session, asked)) ?? []).map(({ model }) => model);
  }

  /** From the session's journal. */
  remember(session: string, asked: string, models: readonly AnsweringModel[]): void {
    for (const model of models) this.#entry(session, asked, model).answered = true;
  }

  begin(session: string, asked: string, model: AnsweringModel): void {
    this.#entry(session, asked, model).calls += 1;
  }

  /** A call has ended. A model that answered nothing binds nothing. */
  end(session: string, asked: string, model: AnsweringModel, answered: boolean): void {
    const entry = this.#entry(session, asked, model);
    entry.calls -= 1;
    entry.answered ||= answered;
    if (entry.answered || entry.calls > 0) return;
    const key = keyOf(session, asked);
    const rest = (this.#held.get(key) ?? []).filter((held) => held !== entry);
    if (rest.length === 0) this.#held.delete(key);
    else this.#held.set(key, rest);
  }

  #entry(session: string, asked: string, model: AnsweringModel): Held {
    const key = keyOf(session, asked);
    const list = this.#held.get(key) ?? [];
    const found = list.find((held) => isSameModel(held.model, model));
    if (found !== undefined) return found;
    const entry: Held = { model, calls: 0, answered: false };
    this.#held.set(key, [...list, entry]);
    this.#forget();
    return entry;
  }

  #forget(): void {
    for (const [key, list] of this.#held) {
      if (this.#held.size <= mostSessions) return;
      if (list.every(({ calls }) => calls === 0)) this.#held.delete(key);
    }
  }
}

function keyOf(session: string, asked: string): string {
  return `${session}\n${asked}`;
}
