import type { MeshNode } from "../../../engine/model/venue";
import { checkHealth } from "../health";
import type { Access } from "../http/access";
import { Mesh } from "./mesh";
import type { MeshView } from "./mesh";
import type { CheckResult } from "./scheduler";
import { defined } from "../../../engine/model/defined";
import { factsOf } from "../../../engine/model/providers";

/** Time limit for a node to answer a check, in milliseconds. */
const checkTimeoutMs = 5000;

/** How many unused meshes are kept, with what is known of their nodes. */
const mostIdle = 8;

interface Shared {
  readonly mesh: Mesh;
  /** The newest: an earlier session's connections may be closed by now. */
  deps: Access;
}

/**
 * The meshes of a process, one for each set of nodes, so that a node's slots are shared by all sessions. A host
 * creates one pool and passes it to every session.
 */
export class MeshPool {
  /** The most recently requested one at the end. */
  readonly #meshes = new Map<string, Shared>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = () => performance.timeOrigin + performance.now()) {
    this.#nowMs = nowMs;
  }

  /** The mesh of these nodes. Request it for each use: one that was idle for long is created anew. */
  mesh(nodes: readonly MeshNode[], deps: Access): Mesh {
    const key = JSON.stringify(
      nodes.map(({ name, provider, endpoint, slots, api_key }) => [name, provider, endpoint, slots, api_key]),
    );
    const known = this.#meshes.get(key);
    if (known !== undefined) {
      known.deps = deps;
      this.#meshes.delete(key);
      this.#meshes.set(key, known);
      return known.mesh;
    }
    const shared: Shared = {
      deps,
      mesh: new Mesh(nodes, {
        nowMs: this.#nowMs,
        check: (node) => checkNode(node, shared.deps),
      }),
    };
    this.#forget();
    this.#meshes.set(key, shared);
    return shared.mesh;
  }

  /** The state of every mesh, the most recently requested one at the end. */
  snapshot(): MeshView[] {
    return [...this.#meshes.values()].map(({ mesh }) => mesh.snapshot());
  }

  /** Ends all checks; the pool is not used again. */
  close(): void {
    for (const { mesh } of this.#meshes.values()) mesh.close();
    this.#meshes.clear();
  }

  /** Drops the idle meshes that were requested longest ago: each change of a Venue's nodes creates another one. */
  #forget(): void {
    const idle = [...this.#meshes].filter(([, { mesh }]) => mesh.isIdle);
    for (const [key, { mesh }] of idle.slice(0, -mostIdle)) {
      mesh.close();
      this.#meshes.delete(key);
    }
  }
}

/** Asks a node whether it responds and which models it has. */
async function checkNode(node: MeshNode, deps: Access): Promise<CheckResult> {
  const health = await checkHealth(node, deps, checkTimeoutMs);
  if (!health.reachable) {
    return {
      ok: false,
      slow: health.problemCode === "first_token_timeout",
      refuses: health.problemCode === "unauthorized",
      problem: health.problem ?? "It does not answer.",
    };
  }
  return {
    ok: true,
    facts: {
      models: health.models,
      listIsWhole: factsOf(node.provider).listIsWhole,
      ...(health.version === undefined ? {} : { runtime: `Ollama ${health.version}` }),
      ...defined({ latencyMs: health.latencyMs }),
    },
  };
}
