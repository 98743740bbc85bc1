import type { ProviderErrorCode } from "../../engine/error/provider-error";

/** What an endpoint can do, as probed; absent where that could not be determined. */
export interface Capabilities {
  /** The same seed gave the same reply, and a different seed a different one. */
  readonly seed?: boolean;
  readonly usageInStream?: boolean;
  readonly jsonSchema?: boolean;
  readonly parallelSlots?: number;
}

/** One answer to "which backends exist", for `orket venues` and the venue picker. */
export interface ProviderHealth {
  readonly reachable: boolean;
  /** Models by the backend's name. */
  readonly models: readonly {
    readonly name: string;
    readonly contextTokens?: number;
    readonly digest?: string;
    readonly quantisation?: string;
    /** What runs it, where the backend reports this for each model. */
    readonly runtime?: string;
    readonly loaded?: boolean;
  }[];
  readonly version?: string;
  readonly latencyMs?: number;
  /** Why it is not reachable, or what is wrong with a reachable one (it returns no list of models); sentences. */
  readonly problem?: string;
  /** Why it is not reachable. */
  readonly problemCode?: ProviderErrorCode;
  /** HTTP status of the refusal, where there was one. */
  readonly problemStatus?: number;
  /** No connection is possible: refused, no such host, no route. */
  readonly noConnection?: true;
  readonly capabilities?: Capabilities;
}
