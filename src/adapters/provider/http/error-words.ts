/** The text of an error's body. */
export interface ErrorWords {
  /** The server's own message; that of the server behind it, where a router passes it on. */
  readonly message: string;
  /** `type`, `code` and `status` of OpenAI-compatible errors, from the outside in. */
  readonly kinds: readonly string[];
  readonly status: number | undefined;
  /** What the model wrote where the server could not parse its call (Groq). */
  readonly failedGeneration: string | undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Fields that hold another error, in the order in which they are searched. */
const nestedFields = [
  "error",
  "errors",
  "detail",
  "details",
  "fault",
  "base_resp",
  "response",
  "body",
  "data",
];
/** Fields that hold text. */
const wordFields = [
  "message",
  "Message",
  "msg",
  "detail",
  "faultstring",
  "error_description",
  "error_message",
  "error_msg",
  "errorMessage",
  "status_msg",
  "description",
  "title",
  "reason",
  "error",
  "raw",
];
const kindFields = ["type", "code", "status", "error_type", "errorCode", "__type"];

/** Deeper nesting than any router produces. */
const deepest = 8;

interface Heard {
  words: string[];
  kinds: string[];
  status: number | undefined;
  failedGeneration: string | undefined;
}

/** The text of an error in any of the shapes in use: objects, lists, JSON within texts, causes behind routers, pages. */
export function errorWords(payload: unknown): ErrorWords {
  const heard: Heard = { words: [], kinds: [], status: undefined, failedGeneration: undefined };
  listen(payload, heard, 0);
  const { words, kinds, status, failedGeneration } = heard;
  const distinct = words.filter((word, index) => words.indexOf(word) === index);
  // An outer text that contains the inner one adds nothing.
  const told = distinct.filter(
    (word, index) =>
      !distinct.some((other, place) => place !== index && other.length > word.length && other.includes(word)),
  );
  const message = told.length > 0 ? told.slice(0, 3).join(": ") : plain(payload);
  return { message, kinds, status, failedGeneration };
}

function plain(payload: unknown): string {
  if (typeof payload === "string") return payload;
  return payload === undefined ? "" : JSON.stringify(payload);
}

function listen(value: unknown, heard: Heard, depth: number): void {
  if (depth > deepest) return;
  if (typeof value === "string") {
    listenToText(value, heard, depth);
    return;
  }
  if (Array.isArray(value)) {
    for (const item of (value as unknown[]).slice(0, 3)) listen(item, heard, depth + 1);
    return;
  }
  if (!isRecord(value)) return;
  for (const field of kindFields) {
    const kind = value[field];
    if (typeof kind === "string") heard.kinds.push(kind);
    else if (typeof kind === "number" && kind >= 400 && kind < 600) heard.status ??= kind;
  }
  const { failed_generation: generation } = value;
  if (typeof generation === "string") heard.failedGeneration ??= generation;
  const before = heard.words.length;
  for (const field of wordFields) {
    const word = value[field];
    if (typeof word !== "string" || word.trim() === "") continue;
    listenToText(word, heard, depth);
    break;
  }
  for (const field of nestedFields)
    if (typeof value[field] === "object") listen(value[field], heard, depth + 1);
  // A router's own text is in the outer fields, the cause within its metadata (OpenRouter).
  if (isRecord(value["metadata"])) listen(value["metadata"], heard, depth + 1);
  // FastAPI reports the place of the error in addition to the error.
  if (Array.isArray(value["loc"]) && heard.words.length > before) {
    const place = (value["loc"] as unknown[]).map(String).join(".");
    heard.words[heard.words.length - 1] = `${place}: ${heard.words.at(-1) ?? ""}`;
  }
}

/** A text may be a page, or hold a JSON document: `400: {"error": …}`, `litellm.BadRequestError: … {"error": …}`. */
function listenToText(text: string, heard: Heard, depth: number): void {
  const trimmed = text.trim();
  if (trimmed === "") return;
  if (/^<(!doctype|html|head|body|\?xml)/i.test(trimmed)) {
    heard.words.push(pageWords(trimmed));
    return;
  }
  const start = trimmed.search(/[[{]\s*["{[]/);
  if (start >= 0) {
    const inner = parse(trimmed.slice(start)) ?? parse(trimmed.slice(start, trimmed.lastIndexOf("}") + 1));
    if (inner !== undefined) {
      const outer = trimmed.slice(0, start).replace(/[\s:-]+$/, "");
      if (/[a-z]{3}/i.test(outer) && start > 0) heard.words.push(outer);
      listen(inner, heard, depth + 1);
      return;
    }
  }
  heard.words.push(trimmed);
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The text of a proxy's page: its title and its headings. */
function pageWords(page: string): string {
  const parts = [...page.matchAll(/<(title|h1|h2|p)[^>]*>([\s\S]*?)<\/\1>/gi)].map(([, , inner]) =>
    (inner ?? "")
      .replace(/<[^>]*>/g, " ")
      .replace(/\s+/g, " ")
      .trim(),
  );
  const distinct = parts.filter((part, index) => part !== "" && parts.indexOf(part) === index);
  return distinct.length > 0
    ? distinct.slice(0, 3).join(". ")
    : page
        .replace(/<[^>]*>/g, " ")
        .replace(/\s+/g, " ")
        .trim();
}
