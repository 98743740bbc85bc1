import type { TokenUsage } from "../../engine/event/tokens";
import type { ResolvedVenue } from "../../engine/model/definition";

/**
 * The GenAI conventions of the names below (repository semantic-conventions-genai, status Development). Frozen:
 * another version changes the names, and with them this constant.
 */
export const genAiConventions = "1.42.0-dev";
export const schemaUrl = `https://opentelemetry.io/schemas/gen-ai-dev/${genAiConventions}`;

export type OtlpValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly arrayValue: { readonly values: readonly OtlpValue[] } };
export interface OtlpAttribute {
  readonly key: string;
  readonly value: OtlpValue;
}
export interface OtlpSpanEvent {
  readonly timeUnixNano: string;
  readonly name: string;
  readonly attributes: readonly OtlpAttribute[];
}
/** A span as OTLP/JSON writes it: ids in hexadecimal, 64-bit numbers as strings, enums as numbers. */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: 1 | 3;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly events: readonly OtlpSpanEvent[];
  readonly status: { readonly code?: 2; readonly message?: string };
}
/** ExportTraceServiceRequest: what a collector accepts at /v1/traces. */
export interface OtlpTraceRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string; readonly version: string };
      readonly spans: readonly OtlpSpan[];
      readonly schemaUrl: string;
    }[];
    readonly schemaUrl: string;
  }[];
}

export const internal = 1;
export const client = 3;

export type Given = string | number | boolean | readonly string[] | undefined;

function valueOf(given: Exclude<Given, undefined>): OtlpValue {
  if (typeof given === "string") return { stringValue: given };
  if (typeof given === "boolean") return { boolValue: given };
  if (typeof given === "number") {
    return Number.isSafeInteger(given) ? { intValue: String(given) } : { doubleValue: given };
  }
  return { arrayValue: { values: given.map((one) => ({ stringValue: one })) } };
}

/** Attributes, without unknown ones. */
export function attributes(given: Readonly<Record<string, Given>>): OtlpAttribute[] {
  return Object.entries(given).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: valueOf(value) }],
  );
}

/** A number that is a double by the conventions, whole or not. */
export function double(key: string, value: number | undefined): OtlpAttribute[] {
  return value === undefined ? [] : [{ key, value: { doubleValue: value } }];
}

export function nanos(at: string): string {
  return `${Date.parse(at)}000000`;
}

export function numberIn(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** Measured values have the conventions' names; an estimate has a name of its own, and unknown values are omitted. */
export function usage({ input, cached_input, output }: TokenUsage): OtlpAttribute[] {
  const measured = (count: TokenUsage["input"]): number | undefined =>
    count?.source === "measured" ? count.count : undefined;
  const estimated = (count: TokenUsage["input"]): number | undefined =>
    count?.source === "estimated" ? count.count : undefined;
  return attributes({
    "gen_ai.usage.input_tokens": measured(input),
    "gen_ai.usage.cache_read.input_tokens": measured(cached_input),
    "gen_ai.usage.output_tokens": measured(output),
    "orket.usage.estimated_input_tokens": estimated(input),
    "orket.usage.estimated_output_tokens": estimated(output),
  });
}

const hostOf = /^(https?):\/\/(?:[^/@]*@)?(\[[^\]]*\]|[^/:?#]+)(?::(\d+))?/i;

/** Name and port of the server; never the user or the path of the address. */
export function serverOf(venue: ResolvedVenue): Readonly<Record<string, Given>> {
  const [, scheme, host, port] = hostOf.exec(venue.endpoint ?? "") ?? [];
  if (host === undefined) return {};
  const usual = scheme?.toLowerCase() === "https" ? 443 : 80;
  return { "server.address": host, "server.port": port === undefined ? usual : Number(port) };
}
