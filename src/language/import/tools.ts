import { editorToolPattern } from "../../engine/model/band";
import { builtinTools } from "../../engine/model/tools";
import { quoted } from "../text/diagnostic";
import { nearest } from "../text/nearest";
import type { Draft } from "./draft";
import type { ImportPlace } from "./report";

/** The counterpart of a foreign tool in Orket: tools, or why there is none. */
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

  /** Adds the counterparts of a foreign tool; a tool without one is reported and noted above the role. */
  match(foreign: string, match: ToolMatch, place: ImportPlace | undefined): void {
    if (!("none" in match)) return this.add(...match);
    this.#draft.lost(`the tool ${quoted(foreign)}: ${match.none}.`, place, ["roles", this.#role]);
  }

  list(): string[] {
    return [...this.#names].sort((a, b) => (order.get(a) ?? 99) - (order.get(b) ?? 99) || (a < b ? -1 : 1));
  }
}

/** A tool written with Orket's own name. */
export function orketTool(name: string): ToolMatch | undefined {
  return order.has(name) || editorToolPattern.test(name) ? [name] : undefined;
}

/** For an unknown tool, with the name that was probably meant. */
export function unknownTool(name: string): ToolMatch {
  const near = nearest(name, builtinTools);
  return { none: `Orket has no such tool${near === undefined ? "" : `, perhaps ${near} was meant`}` };
}
