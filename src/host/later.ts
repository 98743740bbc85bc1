import type * as vscode from "vscode";

/** Methods by their names; each waits for the value that performs it. */
type Forwarded<P, K extends keyof P> = {
  readonly [Name in K]: P[Name] extends (...given: infer Given) => infer Result
    ? (...given: Given) => Promise<Awaited<Result>>
    : never;
};

/** What an event of this type fires. */
type Fired<E> = E extends vscode.Event<infer Value> ? Value : never;

/** A value that is loaded on first use, and what the editor can hold in its place from before that. */
export class Later<T> {
  readonly #load: () => Promise<T>;
  readonly #listening = new Set<(value: T) => void>();
  #loading: Promise<T> | undefined;
  #value: T | undefined;

  constructor(load: () => Promise<T>) {
    this.#load = load;
  }

  /** Loads the value, unless it is there. Rejects, also later, where it cannot be loaded. */
  value(): Promise<T> {
    return (this.#loading ??= this.#read());
  }

  /** The value, where something has asked for it. */
  get asked(): Promise<T> | undefined {
    return this.#loading;
  }

  /** An object with these methods of one of the value's parts. */
  part<N extends keyof T, K extends keyof T[N]>(name: N, ...methods: readonly K[]): Forwarded<T[N], K> {
    const forward =
      (method: K) =>
      async (...given: unknown[]): Promise<unknown> => {
        const part = (await this.value())[name];
        return (part[method] as (...given: unknown[]) => unknown).apply(part, given);
      };
    return Object.fromEntries(methods.map((method) => [method, forward(method)])) as Forwarded<T[N], K>;
  }

  /** An event of one of the value's parts; listening to it loads nothing. */
  event<N extends keyof T, K extends keyof T[N]>(name: N, event: K): vscode.Event<Fired<T[N][K]>> {
    return (listener, self, disposables) => {
      let subscription: vscode.Disposable | undefined;
      const listen = (value: T): void => {
        subscription = (value[name][event] as vscode.Event<Fired<T[N][K]>>)(listener, self);
      };
      if (this.#value === undefined) this.#listening.add(listen);
      else listen(this.#value);
      const ends = {
        dispose: () => {
          this.#listening.delete(listen);
          subscription?.dispose();
        },
      };
      disposables?.push(ends);
      return ends;
    };
  }

  async #read(): Promise<T> {
    const value = await this.#load();
    this.#value = value;
    for (const listen of this.#listening) listen(value);
    this.#listening.clear();
    return value;
  }
}
