import * as z from "zod";
import { builtinTools } from "../../engine/model/tools";
import { checkAlone } from "./alone";
import { schemaIssues } from "../schema/contents";
import { didYouMean, inOrder, makeDiagnostic, maxDiagnosticsPerFile, quoted } from "../text/diagnostic";
import type { Diagnostic, DiagnosticCode, ProblemInit } from "../text/diagnostic";
import { fileKinds } from "../text/file-kind";
import type { SourceKind } from "../text/file-kind";
import type { Span } from "../text/lines";
import { ofVersion } from "../text/memo";
import { withoutMisspelled } from "./misspelled";
import { nearest } from "../text/nearest";
import { keySpan, nearestPlace, valuePlace, valueSpan } from "../text/places";
import { describeType, keysOf, schemaAt, valueAt } from "../schema/schema";
import { isDamaged } from "../text/source";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";

type Issue = z.core.$ZodIssue;

function pathOf(issue: Issue): ValuePath {
  return issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
}

function describeValue(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  switch (typeof value) {
    case "string":
      return "text";
    case "number":
      return "a number";
    case "boolean":
      return "true or false";
    default:
      return "keys and values";
  }
}

/** The name of the faulty item: its key, or the entry of a list with the list's key. */
function nameOf(path: ValuePath): string {
  const last = path.at(-1);
  if (last === undefined) return "The file";
  if (typeof last === "string") return quoted(last);
  const list = path.at(-2);
  return typeof list === "string" ? `entry ${last + 1} of ${quoted(list)}` : `entry ${last + 1}`;
}

function isSecretKey(path: ValuePath): boolean {
  return path.at(-1) === "api_key";
}

class SchemaReport {
  readonly diagnostics: Diagnostic[] = [];
  #beyond = 0;
  /** Missing keys that are most likely present under another spelling. */
  readonly #meant = new Set<string>();
  readonly #source: SourceDocument;
  readonly #kind: SourceKind;

  constructor(source: SourceDocument, kind: SourceKind) {
    this.#source = source;
    this.#kind = kind;
  }

  add(code: DiagnosticCode, span: () => Span, message: string, init?: () => ProblemInit): void {
    // Places are looked up only for what is listed: each look-up walks the tree.
    if (this.diagnostics.length >= maxDiagnosticsPerFile) {
      this.#beyond++;
      return;
    }
    this.diagnostics.push(makeDiagnostic(this.#source, code, span(), message, init?.()));
  }

  end(): Diagnostic[] {
    if (this.#beyond > 0) {
      const message = `${this.#beyond} more problems are not listed.`;
      const span = { start: this.#source.text.length, end: this.#source.text.length };
      this.diagnostics.push(makeDiagnostic(this.#source, "orket/too-many-problems", span, message));
    }
    return this.diagnostics;
  }

  issue(issue: Issue): void {
    const path = pathOf(issue);
    if (issue.code === "unrecognized_keys") {
      const known = keysOf(schemaAt(this.#kind, path, this.#source.value) ?? z.unknown());
      const names = known === undefined ? [] : [...known.keys()];
      const given = valueAt(this.#source.value, path) as Record<string, unknown>;
      const free = names.filter((name) => !Object.hasOwn(given, name));
      const inList = typeof path.at(-1) === "number";
      const foreign = inList ? issue.keys.filter((key) => nearest(key, free) === undefined) : [];
      // Several keys that belong elsewhere are one mistake: they were moved here together.
      if (foreign.length > 2) this.#foreignKeys(path, foreign, names);
      for (const key of issue.keys)
        if (foreign.length <= 2 || !foreign.includes(key)) this.#unknownKey(path, key, names);
      return;
    }
    if (issue.code === "invalid_key") {
      const message = `The key ${nameOf(path)} is not allowed: ${issue.issues[0]?.message ?? "it is not valid"}.`;
      this.add(
        "orket/invalid-value",
        () => keySpan(this.#source, path) ?? nearestPlace(this.#source, path),
        message,
      );
      return;
    }
    const value = valueAt(this.#source.value, path);
    if (value === undefined) {
      if (!this.#meant.has(JSON.stringify(path))) this.#missing(path);
    } else if (issue.code === "invalid_value") this.#wrongChoice(path, value, issue.values);
    else if (issue.code === "invalid_type" || issue.code === "invalid_union")
      this.#wrongType(path, value, issue);
    else this.#badValue(path, value, issue);
  }

  #foreignKeys(path: ValuePath, keys: readonly string[], known: readonly string[]): void {
    const owner = path.length === 0 ? `a ${fileKinds[this.#kind].label}` : nameOf(path);
    const first = [...path, keys[0] ?? ""];
    this.add(
      "orket/unknown-key",
      () => keySpan(this.#source, first) ?? nearestPlace(this.#source, first),
      `Unknown keys ${keys.slice(0, 8).map(quoted).join(", ")}${keys.length > 8 ? ", …" : ""} in ${owner}.`,
      () => {
        const only =
          known.length === 1
            ? `Only ${quoted(known[0] ?? "")} can stand here`
            : `Known keys are ${known.join(", ")}`;
        return { hint: `${only}; is a '-' missing before the next entry?` };
      },
    );
  }

  #unknownKey(path: ValuePath, key: string, known: readonly string[]): void {
    const here = [...path, key];
    const owner = path.length === 0 ? `a ${fileKinds[this.#kind].label}` : nameOf(path);
    const given = valueAt(this.#source.value, path) as Record<string, unknown>;
    const message = `Unknown key ${quoted(key)} in ${owner}.`;
    this.add(
      "orket/unknown-key",
      () => keySpan(this.#source, here) ?? nearestPlace(this.#source, here),
      message,
      () => {
        const near = nearest(
          key,
          known.filter((name) => !Object.hasOwn(given, name)),
        );
        if (near !== undefined) {
          this.#meant.add(JSON.stringify([...path, near]));
          return didYouMean(near, undefined, this.#asKey(near));
        }
        if (known.length === 1) return { hint: `Only ${quoted(known[0] ?? "")} can stand here.` };
        return known.length === 0 ? {} : { hint: `Known keys are ${known.join(", ")}.` };
      },
    );
  }

  #asKey(word: string): string {
    return this.#source.format === "json" ? JSON.stringify(word) : word;
  }

  #missing(path: ValuePath): void {
    const schema = schemaAt(this.#kind, path, this.#source.value);
    const type = schema === undefined ? "a value" : describeType(schema);
    const parent = path.slice(0, -1);
    const owner = parent.length === 0 ? `this ${fileKinds[this.#kind].label}` : nameOf(parent);
    this.add(
      "orket/missing-key",
      () => nearestPlace(this.#source, parent),
      `${nameOf(path)} is missing in ${owner}.`,
      () => ({
        hint: `Add ${quoted(String(path.at(-1)))}: ${type}.`,
      }),
    );
  }

  #wrongChoice(path: ValuePath, value: unknown, values: readonly unknown[]): void {
    const place = (): Span => valuePlace(this.#source, path);
    const choices = values.map(String);
    if (typeof value === "object") {
      this.add(
        "orket/wrong-type",
        place,
        `${nameOf(path)} must be one of ${choices.join(", ")}, not ${describeValue(value)}.`,
      );
      return;
    }
    const given = typeof value === "string" ? value : JSON.stringify(value);
    const expected = choices.length === 1 ? (choices[0] ?? "") : `one of ${choices.join(", ")}`;
    const text =
      typeof value === "string" &&
      values.some((choice) => typeof choice !== "string" && String(choice) === value);
    const message = text
      ? `${nameOf(path)} must be ${expected} without quotes, not the text ${quoted(given)}.`
      : `${nameOf(path)} must be ${expected}, not ${quoted(given)}.`;
    this.add("orket/invalid-value", place, message, () => {
      const near = choices.length === 1 ? choices[0] : nearest(given, choices);
      return didYouMean(near, valueSpan(this.#source, path), near === undefined ? near : this.#asKey(near));
    });
  }

  #wrongType(path: ValuePath, value: unknown, issue: Issue): void {
    const place = (): Span => valuePlace(this.#source, path);
    const schema = schemaAt(this.#kind, path, this.#source.value);
    if (isSecretKey(path)) return this.#literalKey(path);
    const whole = issue.code === "invalid_type" && issue.expected === "int" && typeof value === "number";
    const type = whole
      ? "a whole number"
      : schema === undefined
        ? "another kind of value"
        : describeType(schema);
    if (value === null) {
      this.add("orket/wrong-type", place, `${nameOf(path)} has no value; it must be ${type}.`);
      return;
    }
    const got = whole ? `the number ${String(value)}` : describeValue(value);
    const quotes = type === "text" && typeof value !== "object" ? "Put it into quotes." : undefined;
    this.add("orket/wrong-type", place, `${nameOf(path)} must be ${type}, not ${got}.`, () => ({
      hint: quotes,
    }));
  }

  #badValue(path: ValuePath, value: unknown, issue: Issue): void {
    const place = (): Span => valuePlace(this.#source, path);
    if (isSecretKey(path)) return this.#literalKey(path);
    if (this.#kind === "flow" && path.at(-2) === "foreign_tools" && typeof value === "string") {
      this.add("orket/unknown-tool", place, `${quoted(value)} is no foreign tool.`, () => ({
        hint: "Write vscode:NAME, as the Band does. Orket's own tools need no entry here.",
      }));
      return;
    }
    if (this.#kind === "band" && path.at(-2) === "tools" && typeof value === "string") {
      this.add("orket/unknown-tool", place, `There is no tool ${quoted(value)}.`, () => {
        const near = nearest(value, builtinTools);
        if (near !== undefined) return didYouMean(near, valueSpan(this.#source, path), this.#asKey(near));
        return {
          hint: `Tools are ${builtinTools.join(", ")}, command:NAME for a command of the Flow, and vscode:NAME for one of another extension.`,
        };
      });
      return;
    }
    this.add("orket/invalid-value", place, `${nameOf(path)}: ${reasonOf(issue)}.`);
  }

  /** The value may be a key: it is never in the message, whatever it looks like. */
  #literalKey(path: ValuePath): void {
    const message = "'api_key' names a secret and never holds the key itself.";
    this.add(
      "orket/literal-api-key",
      () => valuePlace(this.#source, path),
      message,
      () => ({
        hint: "Store the key as a secret and write secret:NAME, or env:NAME for an environment variable; replace a key that was shared.",
      }),
    );
  }
}

function reasonOf(issue: Issue): string {
  switch (issue.code) {
    case "too_small": {
      if (issue.origin === "string") return "it may not be empty";
      if (issue.origin === "array") return "the list may not be empty";
      return `it must be ${issue.inclusive === false ? "more than" : "at least"} ${String(issue.minimum)}`;
    }
    case "too_big": {
      if (issue.origin === "string") return `it may have ${String(issue.maximum)} characters at most`;
      return `it must be ${issue.inclusive === false ? "less than" : "at most"} ${String(issue.maximum)}`;
    }
    default:
      return issue.message.replace(/\.$/, "");
  }
}

const addressWithSecret = /^[a-z+]+:\/\/[^/?#]*@|[?&](?:api[_-]?key|key|token|access_token)=/i;

/** Keys hidden in an address. The schema cannot detect them, and the address would be shown and stored. */
function secretsInAddresses(source: SourceDocument, report: SchemaReport): void {
  if (source.kind !== "venue") return;
  const nodes = valueAt(source.value, ["nodes"]);
  const count = Array.isArray(nodes) ? nodes.length : 0;
  const paths: ValuePath[] = [
    ["endpoint"],
    ...Array.from({ length: count }, (_, index) => ["nodes", index, "endpoint"]),
  ];
  for (const path of paths) {
    const address = valueAt(source.value, path);
    if (typeof address !== "string" || !addressWithSecret.test(address)) continue;
    report.add(
      "orket/literal-api-key",
      () => valuePlace(source, path),
      "The address holds a password or key.",
      () => ({
        hint: "Take it out of the address and name a secret in 'api_key'.",
      }),
    );
  }
}

/** Codes for something that is missing. */
const absences: ReadonlySet<DiagnosticCode> = new Set([
  "orket/missing-key",
  "orket/wrong-type",
  "orket/missing-model",
  "orket/missing-api-key",
  "orket/missing-replies",
  "orket/missing-nodes",
  "orket/until-unknown-step",
  "orket/until-unknown-verdict",
  "orket/placeholder-unresolved",
]);

/**
 * Without the diagnostics that a syntax problem explains. After a syntax error the tree is a guess, and what seems to be
 * missing may only be hidden by it; a value that could not be read has no type.
 */
function withoutConsequences(source: SourceDocument, found: readonly Diagnostic[]): readonly Diagnostic[] {
  const unread = new Set(source.problems.map(({ span }) => `${span.start}-${span.end}`));
  // A tag or an alias without meaning leaves a value that was not written by the user.
  const emptied = new Set(
    source.problems
      .filter(({ code }) => code === "orket/yaml-tag" || code === "orket/yaml-alias")
      .map(({ range }) => range.start.line),
  );
  const own = found.filter(
    ({ span, range }) => !unread.has(`${span.start}-${span.end}`) && !emptied.has(range.start.line),
  );
  if (!isDamaged(source)) return own;
  const first = Math.min(...source.problems.map(({ range }) => range.start.line));
  return own.filter(({ code, range }) => !absences.has(code) && range.end.line < first);
}

/** Everything that is wrong with one file by itself, in the order of the places. */
export const diagnose = ofVersion((source: SourceDocument): readonly Diagnostic[] => {
  const report = new SchemaReport(source, source.kind ?? "flow");
  const broken = source.problems.some(({ code }) => code === "orket/json-syntax");
  if (source.kind !== undefined && source.tree !== undefined && !broken) {
    // Unknown keys first: they can explain a missing one.
    const issues = schemaIssues(source);
    const unknown = issues.filter(({ code }) => code === "unrecognized_keys");
    for (const issue of unknown) report.issue(issue);
    for (const issue of issues) if (issue.code !== "unrecognized_keys") report.issue(issue);
    secretsInAddresses(source, report);
  }
  const schema = report.end();
  const alone = broken
    ? []
    : withoutMisspelled(checkAlone(source), [...source.problems, ...schema], [source]);
  return inOrder([...source.problems, ...withoutConsequences(source, [...schema, ...alone])]);
});
