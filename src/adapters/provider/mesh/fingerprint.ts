import type { AnsweringModel, ModelFingerprint } from "../../../engine/port/model-provider";
import { defined } from "../../../engine/model/defined";

/** A model as a node lists it. */
export interface ListedModel extends ModelFingerprint {
  readonly name: string;
  /** In memory now; absent where the backend does not report it. */
  readonly loaded?: boolean;
}

/** What a check found out about a node. */
export interface NodeFacts {
  readonly models: readonly ListedModel[];
  /** Only the listed models can be called. Elsewhere any name may work: routers accept names they do not list. */
  readonly listIsWhole: boolean;
  readonly runtime?: string;
  readonly latencyMs?: number;
}

/** A backend may omit `:latest`, and so may a Venue. */
export function listedModel(facts: NodeFacts, model: string): ListedModel | undefined {
  return (
    facts.models.find(({ name }) => name === model) ??
    facts.models.find(({ name }) => name === `${model}:latest` || `${name}:latest` === model)
  );
}

/** What is known of a node's model; undefined: the node does not have it. */
export function fingerprintOf(facts: NodeFacts, model: string): ModelFingerprint | undefined {
  const listed = listedModel(facts, model);
  if (listed === undefined && facts.listIsWhole) return undefined;
  const { digest, quantisation, contextTokens } = listed ?? {};
  const runtime = listed?.runtime ?? facts.runtime;
  return {
    ...defined({ digest, quantisation, runtime, contextTokens }),
  };
}

/** Whether two answers certainly came from the same model: by digest, or from one node that reports none. */
export function isSameModel(one: AnsweringModel, other: AnsweringModel): boolean {
  return one.digest === undefined && other.digest === undefined
    ? one.node === other.node
    : one.digest === other.digest;
}

/** Whether two models are known to be different ones. */
export function isOtherModel(one: AnsweringModel, other: AnsweringModel): boolean {
  return one.digest !== undefined && other.digest !== undefined && one.digest !== other.digest;
}

/** A digest for users: its beginning, or that there is none. */
export function digestName(digest: string | undefined): string {
  return digest === undefined ? "unknown" : digest.replace(/^sha256:/, "").slice(0, 12);
}
