/** A condition of a Score, as in its file. */
export type Condition =
  | { readonly step: string; readonly verdict: string | readonly string[] }
  | { readonly step: string; readonly field: string; readonly is: Scalar | readonly Scalar[] }
  | { readonly step: string; readonly field: string; readonly is_not: Scalar | readonly Scalar[] }
  | { readonly input: string; readonly is: Scalar | readonly Scalar[] }
  | { readonly input: string; readonly is_not: Scalar | readonly Scalar[] };
export type Scalar = string | number | boolean;

/** The meaning of a name in another tool's condition. */
export type Subject =
  | { readonly step: string; readonly field: string }
  | { readonly input: string }
  /** The exit code of a command: 0 is the verdict pass. */
  | { readonly exit: string };

/** A word or number as written in a condition. */
function scalarOf(text: string): Scalar | undefined {
  const word = text.trim();
  const quoted = /^(['"])(.*)\1$/s.exec(word);
  if (quoted !== null) return quoted[2];
  if (/^true$/i.test(word)) return true;
  if (/^false$/i.test(word)) return false;
  return /^-?\d+(\.\d+)?$/.test(word) ? Number(word) : undefined;
}

function compare(subject: Subject, value: Scalar | readonly Scalar[], equal: boolean): Condition | undefined {
  if ("exit" in subject) {
    if (value !== 0) return undefined;
    return { step: subject.exit, verdict: equal ? "pass" : ["fail", "timeout"] };
  }
  return equal ? { ...subject, is: value } : { ...subject, is_not: value };
}

function single(text: string, subjectOf: (name: string) => Subject | undefined): Condition | undefined {
  const name = "([A-Za-z_$][\\w$.-]*)";
  const among = new RegExp(`^${name}\\s+(not\\s+)?in\\s+[\\[(](.*)[\\])]$`, "s").exec(text);
  if (among !== null) {
    const subject = subjectOf(among[1] ?? "");
    const values = (among[3] ?? "").split(",").map(scalarOf);
    if (subject === undefined || values.some((value) => value === undefined)) return undefined;
    return compare(subject, values as Scalar[], among[2] === undefined);
  }
  const equals = new RegExp(`^${name}\\s*(==|!=)\\s*(.+)$`, "s").exec(text);
  if (equals !== null) {
    const subject = subjectOf(equals[1] ?? "");
    const value = scalarOf(equals[3] ?? "");
    if (subject === undefined || value === undefined) return undefined;
    return compare(subject, value, equals[2] === "==");
  }
  const bare = new RegExp(`^(not\\s+|!\\s*)?${name}$`).exec(text);
  const subject = bare === null ? undefined : subjectOf(bare[2] ?? "");
  if (subject === undefined || "exit" in subject) return undefined;
  return { ...subject, is: bare?.[1] === undefined };
}

/**
 * Reads another tool's condition. Undefined for what a Score cannot express: comparisons of numbers, `or`, filters, functions.
 * @param subjectOf the meaning of a name; undefined for a name that means nothing here.
 */
export function readCondition(
  text: string,
  subjectOf: (name: string) => Subject | undefined,
): Condition[] | undefined {
  const inner = text
    .trim()
    .replace(/^\{\{-?\s*/, "")
    .replace(/\s*-?\}\}$/, "")
    .trim();
  if (/\bor\b|\|\|/.test(inner.replace(/'[^']*'|"[^"]*"/g, ""))) return undefined;
  const parts = inner.split(/\s+and\s+|\s*&&\s*/).map((part) =>
    part
      .trim()
      .replace(/^\((.*)\)$/s, "$1")
      .trim(),
  );
  const read = parts.map((part) => single(part, subjectOf));
  return read.includes(undefined) ? undefined : (read as Condition[]);
}

/** The negation of conditions that all must hold; undefined where it would need an "or". */
export function opposite(
  conditions: readonly Condition[],
  verdictsOf: (step: string) => readonly string[],
): Condition[] | undefined {
  const [only, ...more] = conditions;
  if (only === undefined || more.length > 0) return undefined;
  if ("verdict" in only) {
    const said = [only.verdict].flat();
    const others = verdictsOf(only.step).filter((word) => !said.includes(word));
    return others.length === 0
      ? undefined
      : [{ step: only.step, verdict: others.length === 1 ? (others[0] ?? "") : others }];
  }
  if ("is" in only) {
    const { is, ...subject } = only;
    return [typeof is === "boolean" ? { ...subject, is: !is } : { ...subject, is_not: is }];
  }
  const { is_not, ...subject } = only;
  return [{ ...subject, is: is_not }];
}

/** Conditions as in a Score's file: one, or a list. */
export function written(conditions: readonly Condition[]): Condition | readonly Condition[] {
  const [only, ...more] = conditions;
  return only !== undefined && more.length === 0 ? only : conditions;
}
