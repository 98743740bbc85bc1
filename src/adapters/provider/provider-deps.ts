import type { Timeouts } from "../../engine/model/venue";
import type { ModelProvider } from "../../engine/port/model-provider";
import type { CallSlots } from "./call-slots";
import type { MeshPool } from "./mesh/mesh-pool";
import type { Access } from "./http/access";

/** What the providers need from outside. */
export interface ProviderDeps extends Access {
  /** Creates the provider `vscode-lm`; only a host inside VS Code has it. */
  readonly vscodeLm?: (venue: { readonly timeouts: Timeouts }) => ModelProvider | Promise<ModelProvider>;
  /** Called before a key goes to a server for the first time, when the user starts something there; throws when it may not. */
  readonly confirmKey?: (reference: string, origin: string) => Promise<void>;
  /**
   * The meshes of the process: sessions that get the same pool share the slots of equal nodes. Without it every provider
   * has a mesh of its own.
   */
  readonly mesh?: MeshPool;
  /** Likewise for Venues with `slots`. */
  readonly slots?: CallSlots;
}
