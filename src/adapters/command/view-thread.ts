import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { Worker } from "node:worker_threads";
import type { Baseline, FolderResults, FolderWork } from "./copied-tree";
import { CopyStopped } from "./copy-folder";
import type { ViewChange } from "./view";

/** A copy and what it is of, for a thread. */
export interface CopyPlaces {
  readonly project: string;
  /** Secret files that the policy shows. */
  readonly allow: readonly string[];
  /** Where views are kept. */
  readonly views: string;
  /** One number, shared by the threads: not 0 when the copy is not wanted any more. */
  readonly stop: Int32Array;
}

/** What a thread is asked to do. The first three concern one copy, in this order. */
export type ViewTask =
  | (CopyPlaces & { readonly do: "update"; readonly folder: string; readonly threads: number })
  | { readonly do: "differences"; readonly baseline: Baseline }
  | { readonly do: "clean" }
  | (CopyPlaces & { readonly do: "folders"; readonly root: string; readonly work: FolderWork });

export type ViewReply = { readonly value: unknown } | { readonly error: string; readonly isStopped: boolean };

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The built worker lies in dist beside what shares its code, or above it; its source beside this one. */
function workerFile(): string {
  const places = ["view-worker.js", "../view-worker.js", "view-worker.ts"].map((name) =>
    path.join(__dirname, name),
  );
  return places.find((place) => fs.existsSync(place)) ?? places[0] ?? "";
}

/** A thread for views. It keeps no process alive while it has nothing to do. */
export class ViewThread {
  // Of the host's arguments and environment it needs nothing.
  readonly #worker = new Worker(workerFile(), { execArgv: [], env: {} });
  readonly #waiting: Waiting[] = [];
  #ended: Error | undefined;

  constructor() {
    this.#worker.unref();
    this.#worker.on("message", (reply: ViewReply) => {
      const waiting = this.#waiting.shift();
      if (this.#waiting.length === 0) this.#worker.unref();
      if ("value" in reply) waiting?.resolve(reply.value);
      else waiting?.reject(reply.isStopped ? new CopyStopped() : new Error(reply.error));
    });
    this.#worker.on("error", (error: Error) => this.#end(error));
    this.#worker.on("exit", () => this.#end(new Error("The thread that makes views has ended.")));
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  perform(task: Extract<ViewTask, { do: "folders" }>): Promise<FolderResults>;
  perform(task: Extract<ViewTask, { do: "differences" }>): Promise<ViewChange[]>;
  perform(task: Extract<ViewTask, { do: "update" }>): Promise<boolean>;
  perform(task: Extract<ViewTask, { do: "clean" }>): Promise<void>;
  perform(task: ViewTask): Promise<unknown> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(task);
    });
  }

  /** Ends it with the threads that it began. */
  end(): void {
    void this.#worker.terminate();
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
  }
}

/** Threads for one copy, the first included: more than four wait for the disk rather than work. */
export const viewThreads = Math.min(4, os.availableParallelism());

/** Idle threads end after this time, in milliseconds. */
const idleMs = 60_000;

const idle: ViewThread[] = [];
let ending: NodeJS.Timeout | undefined;

/** A thread for one copy. Give it back: the next command's view then needs no start. */
export function takeThread(): ViewThread {
  for (let thread = idle.pop(); thread !== undefined; thread = idle.pop())
    if (!thread.hasEnded) return thread;
  return new ViewThread();
}

export function giveThread(thread: ViewThread): void {
  idle.push(thread);
  clearTimeout(ending);
  ending = setTimeout(() => {
    for (const one of idle.splice(0)) one.end();
  }, idleMs).unref();
}
