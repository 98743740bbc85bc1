/** Replaces every occurrence of the key, so that no message, record or log can hold it. */
export type Redact = (text: string) => string;

export function redactor(key: string | undefined): Redact {
  return key === undefined || key === "" ? asItIs : (text) => text.replaceAll(key, "[key]");
}

const asItIs: Redact = (text) => text;

/** The same for all texts within plain data. */
export function redactDeep(value: unknown, redact: Redact): unknown {
  if (redact === asItIs) return value;
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map((item) => redactDeep(item, redact));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, redactDeep(item, redact)]));
  }
  return value;
}

/** An address for messages and records: without user, password, query and trailing slash. */
export function publicAddress(endpoint: string): string {
  if (!URL.canParse(endpoint)) return "an invalid address";
  const url = new URL(endpoint);
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, "")}`;
}
