import type { ModelReply } from "../../../engine/port/model-provider";

type WholeCall = ModelReply["toolCalls"][number];

/** A piece of a tool call as OpenAI-compatible servers stream it; nothing about it can be relied on. */
export interface ToolCallFragment {
  readonly index?: unknown;
  readonly id?: unknown;
  readonly function?: { readonly name?: unknown; readonly arguments?: unknown } | null;
}

interface Growing {
  index: number | undefined;
  id: string;
  name: string;
  args: string;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** Arguments as JSON text; some servers stream an object where the protocol says a string. */
function argumentText(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
}

/**
 * Puts tool calls together from their fragments, which may interleave. The protocol identifies a call by `index`;
 * servers in the field also leave the index out or give every call the index 0 with an id of its own, and repeat the
 * id and the name in every fragment.
 */
export class ToolCallAssembler {
  readonly #calls: Growing[] = [];

  add(fragment: ToolCallFragment): void {
    const id = text(fragment.id);
    const name = text(fragment.function?.name);
    let call = this.#find(typeof fragment.index === "number" ? fragment.index : undefined, id, name);
    if (call === undefined) {
      call = {
        index: typeof fragment.index === "number" ? fragment.index : undefined,
        id,
        name: "",
        args: "",
      };
      this.#calls.push(call);
    }
    if (call.id === "") call.id = id;
    if (name !== "" && name !== call.name) call.name += name;
    call.args += argumentText(fragment.function?.arguments);
  }

  get size(): number {
    return this.#calls.length;
  }

  /** The calls in the order of their index, those without one as they came. */
  finish(): WholeCall[] {
    const ordered = [...this.#calls].sort((a, b) => (a.index ?? 0) - (b.index ?? 0));
    return ordered.map(({ id, name, args }) => ({
      ...(id === "" ? {} : { id }),
      name,
      argumentsJson: args === "" ? "{}" : args,
    }));
  }

  #find(index: number | undefined, id: string, name: string): Growing | undefined {
    if (id !== "") {
      const same = this.#calls.findLast((call) => call.id === id && call.index === index);
      if (same !== undefined) return same;
      // A new id together with a name starts a call, even under an index that is taken.
      if (name !== "") return undefined;
    }
    if (index !== undefined) return this.#calls.findLast((call) => call.index === index);
    return name === "" ? this.#calls.at(-1) : undefined;
  }
}

/** What a fragment counts for in the length of a reply, in UTF-16 units; a call without arguments counts, too. */
export function unitsOf(fragment: ToolCallFragment): number {
  return 32 + text(fragment.function?.name).length + argumentText(fragment.function?.arguments).length;
}
