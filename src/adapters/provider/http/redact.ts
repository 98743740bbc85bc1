import { keyPattern, keysPattern, withoutKey } from "./key-filter";

/** Removes the key from a text, so that no message, record or log can contain it. */
export type Redact = (text: string) => string;

const asItIs: Redact = (text) => text;

/** For messages, which stay readable whatever is removed: a key of any length. */
export function redactor(key: string | undefined): Redact {
  if (key === undefined || key === "") return asItIs;
  const pattern = keyPattern(key);
  return pattern === undefined
    ? (text) => text.replaceAll(key, "[key]")
    : (text) => withoutKey(text, pattern);
}

/** For messages, without any of the keys. */
export function redactorOf(keys: readonly string[]): Redact {
  const each = keys.filter((key) => key !== "").map(redactor);
  return each.length === 0
    ? asItIs
    : each.length === 1
      ? (each[0] ?? asItIs)
      : (text) => each.reduce((said, redact) => redact(said), text);
}

/** For data that is processed further, such as replies and names of models: no key that may be an ordinary word. */
export function contentRedactor(key: string | undefined): Redact {
  return contentRedactorOf(key === undefined ? [] : [key]);
}

/** The same for several keys. */
export function contentRedactorOf(keys: readonly string[]): Redact {
  const pattern = keysPattern(keys);
  return pattern === undefined ? asItIs : (text) => withoutKey(text, pattern);
}

/** The same for all texts within plain data. */
export function redactDeep<T>(value: T, redact: Redact): T;
export function redactDeep(value: unknown, redact: Redact): unknown {
  if (redact === asItIs) return value;
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map((item) => redactDeep(item as unknown, redact));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [redact(name), redactDeep(item, redact)]),
    );
  }
  return value;
}

/** An address for messages and records: without user, password, query and trailing slash. */
export function publicAddress(endpoint: string): string {
  if (!URL.canParse(endpoint)) return "an invalid address";
  const url = new URL(endpoint);
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, "")}`;
}
