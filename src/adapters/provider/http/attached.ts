type Json = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Fields of a streamed message that the engine does not know, assembled from their pieces so that they can be returned
 * as in the whole message: texts grow (`reasoning_content`), lists grow, and entries of a list that
 * belong together are merged (`reasoning_details` by index and type, `thinking_blocks` until their signature).
 */
export class Attached {
  readonly #fields: Record<string, unknown> = {};

  get fields(): Json {
    return this.#fields;
  }

  add(name: string, value: unknown): void {
    if (isNothing(value)) return;
    this.#fields[name] = merged(this.#fields[name], value);
  }
}

/** Some servers send nulls and empty values with every chunk; they carry no information. */
function isNothing(value: unknown): boolean {
  return (
    value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0)
  );
}

function merged(before: unknown, piece: unknown): unknown {
  if (isNothing(before)) return piece;
  if (isNothing(piece)) return before;
  if (typeof before === "string" && typeof piece === "string") return before + piece;
  if (Array.isArray(before) && Array.isArray(piece)) {
    const list = [...(before as unknown[])];
    for (const item of piece as unknown[]) addItem(list, item);
    return list;
  }
  if (isRecord(before) && isRecord(piece)) return mergedFields(before, piece);
  return piece;
}

/** The fields that identify a piece's entry and its kind: the same in each piece, never a text that grows. */
const labels = new Set(["type", "index", "id", "format", "role"]);

function mergedFields(before: Record<string, unknown>, piece: Record<string, unknown>): unknown {
  const fields: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(piece)) {
    const old = fields[name];
    fields[name] = labels.has(name) || old === value ? (isNothing(value) ? old : value) : merged(old, value);
  }
  return fields;
}

function addItem(list: unknown[], item: unknown): void {
  const last = list.at(-1);
  if (isRecord(item) && isRecord(last) && continues(last, item))
    list[list.length - 1] = mergedFields(last, item);
  else list.push(item);
}

function continues(last: Record<string, unknown>, item: Record<string, unknown>): boolean {
  if (last["type"] !== item["type"]) return false;
  if (typeof item["index"] === "number") return last["index"] === item["index"];
  return last["type"] === "thinking" && isNothing(last["signature"]);
}
