import { ProviderError } from "../../../engine/error/provider-error";
import type { MeshNode, Timeouts } from "../../../engine/model/venue";
import type { Cancellation } from "../../../engine/port/cancellation";
import type {
  AnsweringModel,
  Failover,
  ModelDelta,
  ModelProvider,
  ModelReply,
  ModelRequest,
} from "../../../engine/port/model-provider";
import { canMove } from "./circuit";
import { digestName, isSameModel } from "./fingerprint";
import { NoPlacement } from "./mesh";
import type { Mesh, MeshTicket, Placement } from "./mesh";
import type { MeshCall, NeverBecause, Prospect } from "./placing";
import type { Rejection } from "./scheduler";
import { defined } from "../../../engine/model/defined";
import { entryOf } from "../../../engine/model/entry-of";

/** What a mesh uses of a Venue. */
export interface MeshVenue {
  readonly model?: string | undefined;
  readonly nodes: readonly MeshNode[];
  readonly routing: MeshCall["routing"];
  readonly sameModel: MeshCall["sameModel"];
  readonly timeouts: Timeouts;
}

interface FailedTry {
  readonly placement: Placement;
  readonly error: ProviderError;
}

/**
 * Performs a call on one of the nodes of a mesh. When the node fails before or during the reply, the call begins again on
 * another one; the text shown so far is discarded, and every move is reported with the reply. The call fails only when no
 * node is left, or when the failure is caused by the call itself.
 */
export class MeshProvider implements ModelProvider {
  readonly #venue: MeshVenue;
  readonly #mesh: () => Mesh;
  readonly #make: (node: MeshNode) => Promise<ModelProvider>;
  readonly #providers = new Map<string, Promise<ModelProvider>>();

  /** `mesh` returns the current mesh, which a pool may have created anew between two calls; `make` the provider of one node. */
  constructor(venue: MeshVenue, mesh: () => Mesh, make: (node: MeshNode) => Promise<ModelProvider>) {
    this.#venue = venue;
    this.#mesh = mesh;
    this.#make = make;
  }

  async call(
    request: ModelRequest,
    onDelta: (delta: ModelDelta) => void,
    cancellation: Cancellation,
  ): Promise<ModelReply> {
    const { origin, settings } = request;
    const ticket = this.#mesh().enter(
      {
        session: origin.session,
        step: origin.stepKey,
        asked: settings.model,
        models: this.#models(settings.model),
        routing: this.#venue.routing,
        sameModel: this.#venue.sameModel,
        patienceMs: this.#venue.timeouts.connect_seconds * 1000,
      },
      origin.answeredBy ?? [],
    );
    const failovers: Failover[] = [];
    let last: FailedTry | undefined;
    for (;;) {
      const placement = await this.#placement(ticket, request, last, failovers, { onDelta, cancellation });
      const move = moveOf(last, placement);
      if (move !== undefined) failovers.push(move);
      const outcome = await this.#try(placement, request, onDelta, cancellation);
      if ("reply" in outcome) {
        ticket.release({ kind: "answered" });
        return answered(outcome.reply, placement, failovers);
      }
      const { error } = outcome;
      const again = canMove(error.code);
      const waitMs = error.retryAfterSeconds === undefined ? {} : { waitMs: error.retryAfterSeconds * 1000 };
      ticket.release({ kind: "failed", code: error.code, message: error.message, again, ...waitMs });
      if (!again) throw onNode(error, placement.node, failovers);
      if (outcome.shown) onDelta({ kind: "restart" });
      last = { placement, error };
    }
  }

  /** The model's name on each node: a node's own name replaces the Venue's model, not one that a role asks for. */
  #models(asked: string): Record<string, string> {
    const isVenues = asked === (this.#venue.model ?? "");
    return Object.fromEntries(
      this.#venue.nodes.map(({ name, model }) => [name, isVenues ? (model ?? asked) : asked]),
    );
  }

  async #placement(
    ticket: MeshTicket,
    request: ModelRequest,
    last: FailedTry | undefined,
    failovers: readonly Failover[],
    { onDelta, cancellation }: { onDelta: (delta: ModelDelta) => void; cancellation: Cancellation },
  ): Promise<Placement> {
    try {
      let waited = false;
      const placement = await ticket.placement(cancellation, (behind) => {
        waited = true;
        onDelta({ kind: "waiting", behind });
      });
      if (waited) onDelta({ kind: "waiting", behind: [] });
      return placement;
    } catch (error) {
      if (error instanceof NoPlacement) throw this.#nowhere(error.rejection, request, last, failovers);
      if (ProviderError.is(error)) throw withPartial(error, last, failovers);
      throw error;
    }
  }

  async #try(
    placement: Placement,
    request: ModelRequest,
    onDelta: (delta: ModelDelta) => void,
    cancellation: Cancellation,
  ): Promise<{ reply: ModelReply } | { error: ProviderError; shown: boolean }> {
    let shown = false;
    const show = (delta: ModelDelta): void => {
      shown = true;
      onDelta(delta);
    };
    try {
      const provider = await this.#provider(placement.node);
      const model = entryOf(this.#models(request.settings.model), placement.node) ?? request.settings.model;
      const settings = { ...request.settings, model };
      return { reply: await provider.call({ ...request, settings }, show, cancellation) };
    } catch (error) {
      return { error: asProviderError(error), shown };
    }
  }

  #provider(name: string): Promise<ModelProvider> {
    let made = this.#providers.get(name);
    if (made === undefined) {
      const node = this.#venue.nodes.find((one) => one.name === name);
      if (node === undefined) throw new Error(`the mesh has no node ${name}`);
      made = this.#make(node);
      this.#providers.set(name, made);
      // A missing key may exist the next time.
      made.catch(() => this.#providers.delete(name));
    }
    return made;
  }

  /** Why no node accepts the call, and what can be done about it. */
  #nowhere(
    { nodes, waitedMs }: Rejection,
    { settings }: ModelRequest,
    last: FailedTry | undefined,
    failovers: readonly Failover[],
  ): ProviderError {
    const views = this.#mesh().snapshot().nodes;
    const states = nodes.map(({ name, prospect }) => {
      const why = "why" in prospect ? prospect.why : "is busy";
      const failure = views.find((view) => view.name === name)?.failures.at(-1);
      const isOwnMatter =
        prospect.kind === "away" || isNever(prospect, "tried") || isNever(prospect, "refused");
      const said = isOwnMatter ? failure?.message.replace(/\.$/, "") : undefined;
      return `${name} ${why}${said === undefined ? "" : ` (${said})`}`;
    });
    const waited = waitedMs < 1000 ? "" : ` after ${Math.round(waitedMs / 1000)} s of waiting`;
    const all = (because: NeverBecause): boolean => nodes.every(({ prospect }) => isNever(prospect, because));
    const hint = nodes.some(({ prospect }) => isNever(prospect, "other_model"))
      ? ` A session stays with one model: \`same_model: allowed\` in the Venue lets its calls move to nodes whose model is another one or does not say what it is.`
      : "";
    const code =
      last?.error.code ?? (all("missing") ? "not_found" : all("refused") ? "unauthorized" : "unreachable");
    const message = `No node of the mesh can take the call for '${settings.model}'${waited}: ${states.join("; ")}.${hint}`;
    const options = last?.error.retryAfterSeconds;
    return withPartial(
      new ProviderError(code, message, options === undefined ? {} : { retryAfterSeconds: options }),
      last,
      failovers,
    );
  }
}

const isNever = (prospect: Prospect, because: NeverBecause): boolean =>
  prospect.kind === "never" && prospect.because === because;

/** The move that brought the call to this node; undefined: it began here, and nothing changed. */
function moveOf(last: FailedTry | undefined, placement: Placement): Failover | undefined {
  const { changedFrom, model } = placement;
  if (last !== undefined) {
    const partialText = last.error.partialText ?? "";
    return {
      from: last.placement.node,
      to: placement.node,
      reason: last.error.message,
      digestChanged: changedFrom !== undefined || !isSameModel(last.placement.model, model),
      ...(partialText === "" ? {} : { partialText }),
    };
  }
  if (changedFrom === undefined) return undefined;
  return {
    from: changedFrom.node,
    to: placement.node,
    reason: changeOf(changedFrom, model),
    digestChanged: true,
  };
}

function changeOf(from: AnsweringModel, to: AnsweringModel): string {
  return (
    `The session's calls were answered by the model ${digestName(from.digest)} of ${from.node} so far; ` +
    `${to.node} has ${digestName(to.digest)}.`
  );
}

function answered(reply: ModelReply, placement: Placement, failovers: readonly Failover[]): ModelReply {
  return {
    ...reply,
    node: placement.node,
    fingerprint: { ...placement.fingerprint, ...reply.fingerprint },
    ...(failovers.length === 0 ? {} : { failovers }),
  };
}

function asProviderError(error: unknown): ProviderError {
  if (ProviderError.is(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  const isKey = error instanceof Error && "code" in error && error.code === "secret_missing";
  return new ProviderError(isKey ? "unauthorized" : "unknown", message, { cause: error });
}

function onNode(error: ProviderError, node: string, failovers: readonly Failover[]): ProviderError {
  const message = error.code === "cancelled" ? error.message : `Node ${node}: ${error.message}`;
  return copy(error, message, error.partialText, failovers);
}

function withPartial(
  error: ProviderError,
  last: FailedTry | undefined,
  failovers: readonly Failover[],
): ProviderError {
  return copy(error, error.message, last?.error.partialText, failovers);
}

function copy(
  { code, status, retryAfterSeconds, cause }: ProviderError,
  message: string,
  partialText: string | undefined,
  failovers: readonly Failover[],
): ProviderError {
  return new ProviderError(code, message, {
    ...defined({ status, retryAfterSeconds, partialText, cause }),
    failovers,
  });
}
