import { structuredPatch } from "diff";
import type { BlobRef } from "../../engine/event/content";
import { activeRuns } from "../../engine/state/cursor";
import type { SessionState } from "../../engine/state/state";
import type { ArtifactScreen, DiffScreen } from "../../protocol/conductor";
import { defined } from "../../engine/model/defined";

/** Largest files that are compared, in bytes: open a larger one in an editor. */
const maxComparedBytes = 200_000;
/** Lines shown of one difference. */
const maxLines = 120;

interface DiffSource {
  readonly state: SessionState;
  readBytes(ref: BlobRef): Promise<Uint8Array>;
}

/** The files that a step wrote or deleted, each with the changes against its version before the step. */
export function artifactDiffs(
  source: DiffSource,
  step: string,
  artifacts: readonly { readonly path: string; readonly content: BlobRef | null }[],
): Promise<readonly ArtifactScreen[]> {
  const active = activeRuns(source.state.score).find(({ run }) => run.key === step);
  const changes = active === undefined ? [] : active.scope.changes.slice();
  return Promise.all(
    artifacts.map(async ({ path, content }): Promise<ArtifactScreen> => {
      const of = changes.filter((change) => change.path === path);
      const earlier = of.findLast((change) => change.step !== step);
      const before = earlier === undefined ? (of[0]?.base ?? null) : earlier.content;
      const diff = await diffOf(source, before, content);
      return { path, deleted: content === null, ...defined({ diff }) };
    }),
  );
}

async function diffOf(
  source: DiffSource,
  before: BlobRef | null,
  after: BlobRef | null,
): Promise<DiffScreen | undefined> {
  const [old, now] = await Promise.all([before, after].map((ref) => textOf(source, ref)));
  return old === undefined || now === undefined ? undefined : diffOfTexts(old, now);
}

/** The changes between two texts, with two lines of context. */
export function diffOfTexts(old: string, now: string): DiffScreen {
  const { hunks } = structuredPatch("", "", old, now, "", "", { context: 2 });
  const all = hunks.flatMap((hunk) => [`@@ line ${hunk.newStart}`, ...hunk.lines]);
  const count = (sign: string): number => all.filter((line) => line.startsWith(sign)).length;
  return {
    added: count("+"),
    removed: count("-"),
    lines: all.slice(0, maxLines),
    cut: all.length > maxLines,
  };
}

/** The text; empty where there is no file; undefined for what is not text, too long or unreadable. */
async function textOf(source: DiffSource, ref: BlobRef | null): Promise<string | undefined> {
  if (ref === null) return "";
  if (ref.bytes > maxComparedBytes) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await source.readBytes(ref));
  } catch {
    return undefined;
  }
}
