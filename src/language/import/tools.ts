import { editorToolPattern } from "../../engine/model/band";
import { builtinTools } from "../../engine/model/tools";
import { quoted } from "../text/diagnostic";
import { nearest } from "../text/nearest";
import type { Draft } from "./draft";
import type { ImportPlace } from "./report";

/** What a foreign tool is in Orket: tools, or why there is none. */
export type ToolMatch = readonly string[] | { readonly none: string };

const order = new Map<string, number>(builtinTools.map((name, index) => [name, index]));

/** The tools of one role, each once, Orket's own first and in their order. */
export class ToolList {
  readonly #names = new Set<string>();
  readonly #draft: Draft;
  readonly #role: string;

  constructor(draft: Draft, role: string) {
    this.#draft = draft;
    this.#role = role;
  }

  add(...names: readonly string[]): void {
    for (const name of names) this.#names.add(name);
  }

  /** Adds what stands for a foreign tool; what has no counterpart is reported and noted above the role. */
  match(foreign: string, match: ToolMatch, place: ImportPlace | undefined): void {
    if (!("none" in match)) return this.add(...match);
    this.#draft.lost(`the tool ${quoted(foreign)}: ${match.none}.`, place, ["roles", this.#role]);
  }

  list(): string[] {
    return [...this.#names].sort((a, b) => (order.get(a) ?? 99) - (order.get(b) ?? 99) || (a < b ? -1 : 1));
  }
}

/** A tool that is written as Orket names it. */
export function orketTool(name: string): ToolMatch | undefined {
  return order.has(name) || editorToolPattern.test(name) ? [name] : undefined;
}

/** For a tool that nobody knows, with the name that was perhaps meant. */
export function unknownTool(name: string): ToolMatch {
  const near = nearest(name, builtinTools);
  return { none: `Orket has no such tool${near === undefined ? "" : `, perhaps ${near} was meant`}` };
}
