import type { ProviderErrorCode } from "../../engine/error/provider-error";

/** What an endpoint can do, as tried out; absent where that could not be told. */
export interface Capabilities {
  /** The same seed gave the same reply, and another one another. */
  readonly seed?: boolean;
  readonly usageInStream?: boolean;
  readonly jsonSchema?: boolean;
  readonly parallelSlots?: number;
}

/** One answer to "which backends are there", for `orket venues` and the venue picker. */
export interface ProviderHealth {
  readonly reachable: boolean;
  /** Models by the backend's name. */
  readonly models: readonly {
    readonly name: string;
    readonly contextTokens?: number;
    readonly digest?: string;
    readonly quantisation?: string;
    /** What runs it, where the backend says so model by model. */
    readonly runtime?: string;
    readonly loaded?: boolean;
  }[];
  readonly version?: string;
  readonly latencyMs?: number;
  /** Why it is not reachable, or what is amiss with one that is (it gives no list of models); sentences. */
  readonly problem?: string;
  /** Why it is not reachable. */
  readonly problemCode?: ProviderErrorCode;
  /** HTTP status of the refusal, where there was one. */
  readonly problemStatus?: number;
  /** No connection comes about: refused, no such host, no way there. */
  readonly noConnection?: true;
  readonly capabilities?: Capabilities;
}
