import type { SessionEvent } from "../../engine/event/event";
import type { BlobRef } from "../../engine/event/content";
import { callSettings } from "../../engine/model/definition";
import {
  afterAcceptance,
  linesOf,
  machineUser,
  readProvenance,
  writeProvenance,
} from "../artifact/provenance";
import type { Origin, WrittenVersion } from "../artifact/provenance";
import { carried } from "../artifact/attribution";
import type { Bytes } from "../artifact/text";
import { CheckReader } from "./checks";
import type { Checks } from "./checks";
import { readSession } from "../../adapters/journal/session-folder";
import type { LiveSession } from "./session";
import { defined } from "../../engine/model/defined";
import { entryOf } from "../../engine/model/entry-of";

/** A version of an artifact in the journal. */
export interface ArtifactVersion {
  readonly path: string;
  /** null: it was deleted. */
  readonly content: BlobRef | null;
  /** It was moved there from this path. */
  readonly movedFrom?: string;
  readonly origin: Origin;
}

/** The versions of an artifact, oldest first, including those from before it was moved. */
export function versionsOf(all: readonly ArtifactVersion[], path: string): ArtifactVersion[] {
  const own: ArtifactVersion[] = [];
  let name = path;
  for (const version of all.toReversed()) {
    if (version.path !== name) continue;
    own.push(version);
    if (version.movedFrom !== undefined) name = version.movedFrom;
  }
  return own.reverse();
}

/** The journal's record of who wrote what. */
export interface Authors {
  readonly versions: readonly ArtifactVersion[];
  readonly checks: Checks;
}

/** Collects the versions of all artifacts from a session's events. */
export function authorsOf(
  session: string,
  events: readonly SessionEvent[],
  modelOf: (role: string) => string | undefined,
): Authors {
  const roles = new Map<string, string>();
  const prompts = new Map<string, string>();
  const models = new Map<string, string>();
  const versions: ArtifactVersion[] = [];
  const calls = new Map<string, number>();
  for (const event of events) {
    const step = event.step ?? "";
    switch (event.type) {
      case "step_start":
        roles.set(step, event.data.role);
        break;
      case "prompt_built":
        prompts.set(`${step} ${event.data.turn}`, event.data.sha256);
        break;
      case "model_call_start":
        models.set(step, event.data.model);
        break;
      case "tool_call":
        calls.set(`${step} ${event.data.call_id}`, event.data.turn);
        break;
      case "artifact_written":
      case "artifact_deleted": {
        const role = roles.get(step) ?? "";
        const model = models.get(step) ?? modelOf(role);
        const turn = calls.get(`${step} ${event.data.call_id}`);
        const prompt = turn === undefined ? undefined : prompts.get(`${step} ${turn}`);
        versions.push({
          path: event.data.path,
          content: event.type === "artifact_written" ? event.data.content : null,
          ...(event.type === "artifact_written" ? defined({ movedFrom: event.data.moved_from?.path }) : {}),
          origin: {
            session,
            step,
            role,
            ...defined({ model, prompt }),
            event: event.seq,
            at: event.at,
          },
        });
        break;
      }
      default:
    }
  }
  return { versions, checks: new CheckReader().read(events).checks };
}

const known = new WeakMap<
  LiveSession,
  { readonly changes: number; readonly calls: number; readonly authors: Authors }
>();

async function authorsIn(session: LiveSession): Promise<Authors> {
  const { state } = session.orchestrator;
  const [changes, calls] = [state.score.scope.changes.length, state.spending.modelCalls];
  const cached = known.get(session);
  if (cached?.changes === changes && cached.calls === calls) return cached.authors;
  const { events } = await readSession(session.environment, session.directory);
  const { definition } = state;
  const authors = authorsOf(session.id, events, (role) =>
    entryOf(definition.band.roles, role) === undefined ? undefined : callSettings(definition, role).model,
  );
  known.set(session, { changes, calls, authors });
  return authors;
}

/** A change of the project's file by a decision. */
export interface DecidedChange {
  readonly path: string;
  readonly replaced: Bytes;
  readonly content: Bytes;
  /** The file was moved from there; the provenance of its lines moves with it. */
  readonly from?: string;
  /** An acceptance; absent: something was reverted. */
  readonly accepted?: {
    readonly base: BlobRef | null;
    readonly event: number;
    readonly at: string;
    readonly by: string;
  };
}

/**
 * Stores the provenance of a file's lines. It is for display and decides nothing: a disk failure here does not
 * undo what was decided.
 */
export async function noteProvenance(session: LiveSession, change: DecidedChange): Promise<void> {
  try {
    const { environment, workDomain } = session;
    const old = change.from ?? change.path;
    const before = await readProvenance(environment.fs, workDomain, old);
    const after =
      change.accepted === undefined ? takenBack(before, change) : await taken(session, before, change);
    await writeProvenance(environment, workDomain, change.path, after);
    if (old !== change.path) await writeProvenance(environment, workDomain, old, undefined);
  } catch {
    // Unknown provenance is shown as unknown.
  }
}

type Known = Awaited<ReturnType<typeof readProvenance>>;

function takenBack(before: Known, { content }: DecidedChange): Known {
  const lines = linesOf(content);
  if (before === undefined || lines === undefined || content === null) return undefined;
  return carried(before, lines);
}

async function taken(session: LiveSession, before: Known, change: DecidedChange): Promise<Known> {
  const { accepted } = change;
  if (accepted === undefined) return before;
  const { versions, checks } = await authorsIn(session);
  const read = (ref: BlobRef | null): Promise<Bytes> =>
    ref === null ? Promise.resolve(null) : session.readBytes(ref);
  const of: WrittenVersion[] = [];
  for (const { content, origin } of versionsOf(versions, change.path)) {
    const check = checks.passed.findLast(({ seq }) => seq > origin.event && seq < accepted.event);
    of.push({
      content: await read(content),
      origin: {
        ...origin,
        ...(check === undefined ? {} : { check: { command: check.command, event: check.seq } }),
      },
    });
  }
  const user = machineUser();
  const { event, at, by } = accepted;
  return afterAcceptance(before, {
    replaced: change.replaced,
    content: change.content,
    base: await read(accepted.base),
    versions: of,
    acceptedAs: { by, ...defined({ user }), at, event },
  });
}
