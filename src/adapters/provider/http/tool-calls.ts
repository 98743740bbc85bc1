import { Attached } from "./attached";
import type { ModelReply } from "../../../engine/port/model-provider";

type WholeCall = ModelReply["toolCalls"][number];

/** A piece of a tool call as OpenAI-compatible servers stream it; none of its fields is reliable. */
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
  attached: Attached;
}

/** Fields of a call, and of its function, that are read here; all others are returned unchanged. */
const known = new Set(["index", "id", "type", "function"]);

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** Arguments as JSON text; some servers stream an object where the protocol requires a string. */
function argumentText(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
}

/**
 * Assembles tool calls from their fragments, which may interleave. The protocol identifies a call by `index`;
 * some servers omit the index or give every call the index 0 with an id of its own, and repeat the
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
        attached: new Attached(),
      };
      this.#calls.push(call);
    }
    if (call.id === "") call.id = id;
    if (name !== "" && name !== call.name) call.name += name;
    const args = argumentText(fragment.function?.arguments);
    // A whole call that is sent again, as some servers do at the end, adds nothing to its arguments.
    if (args === "" || !(args === call.args && isWhole(args))) call.args += args;
    for (const [field, value] of Object.entries(fragment)) {
      if (!known.has(field)) call.attached.add(field, value);
    }
  }

  get size(): number {
    return this.#calls.length;
  }

  /** The calls in the order of their index, those without one in order of arrival. */
  finish(): WholeCall[] {
    const ordered = [...this.#calls].sort((a, b) => (a.index ?? 0) - (b.index ?? 0));
    return ordered.map(({ id, name, args, attached }) => ({
      ...(id === "" ? {} : { id }),
      name,
      argumentsJson: args === "" ? "{}" : once(args),
      ...(Object.keys(attached.fields).length === 0 ? {} : { attached: attached.fields }),
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

function isWhole(args: string): boolean {
  try {
    const value: unknown = JSON.parse(args);
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
}

/** Arguments that were sent piece by piece and then once more as a whole. */
function once(args: string): string {
  const half = args.slice(0, args.length / 2);
  return args.length % 2 === 0 && half + half === args && isWhole(half) ? half : args;
}

/** The share of a fragment in the length of a reply, in UTF-16 units; a call without arguments counts, too. */
export function unitsOf(fragment: ToolCallFragment): number {
  return 32 + text(fragment.function?.name).length + argumentText(fragment.function?.arguments).length;
}
