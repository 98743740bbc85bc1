import { parentPort } from "node:worker_threads";
import { CopiedTree, doFolderWork } from "./copied-tree";
import type { Lane } from "./copied-tree";
import { CopyStopped } from "./copy-folder";
import { ViewThread } from "./view-thread";
import type { CopyPlaces, ViewReply, ViewTask } from "./view-thread";

/*
 * The thread that copies and compares: 50,000 files hold a thread for a tenth of a second and more, and the host's serves
 * the editor. It begins others where there is much to do.
 */

/** Folders of so many files are worth another thread, which needs about 25 ms to start. */
const filesForHelp = 5000;

let tree: CopiedTree | undefined;
const helpers: ViewThread[] = [];

const stoppedBy =
  ({ stop }: CopyPlaces) =>
  (): boolean =>
    Atomics.load(stop, 0) !== 0;

/** Two lanes for each helper, so that it does not wait for its next work. */
function helperLanes(threads: number, root: string, { project, allow, views, stop }: CopyPlaces): Lane[] {
  while (helpers.length < threads - 1) helpers.push(new ViewThread());
  return helpers.flatMap((helper) => {
    const lane: Lane = (work) => helper.perform({ do: "folders", root, project, allow, views, stop, work });
    return [lane, lane];
  });
}

function open(task: Extract<ViewTask, { do: "update" }>): CopiedTree {
  const { folder, project, allow, views, threads } = task;
  const opened: CopiedTree = new CopiedTree(
    folder,
    { project, allow, views, isStopped: stoppedBy(task) },
    (files) => {
      const own: Lane = async (work) => {
        const results = doFolderWork(work, opened.context);
        // What the helpers report is taken in between.
        await new Promise((resolve) => setImmediate(resolve));
        return results;
      };
      // Of a copy that is made anew, nobody knows the size yet.
      const needsHelp = files === 0 || files >= filesForHelp;
      return needsHelp ? [own, ...helperLanes(threads, opened.context.root, task)] : [own];
    },
  );
  return opened;
}

async function perform(task: ViewTask): Promise<unknown> {
  switch (task.do) {
    case "folders":
      return doFolderWork(task.work, { ...task, isStopped: stoppedBy(task) });
    case "update":
      tree = open(task);
      return tree.update();
    case "differences":
      return tree?.differences(task.baseline);
    case "clean":
      return tree?.clean();
  }
}

const answer = (reply: ViewReply): void => parentPort?.postMessage(reply);

parentPort?.on("message", (task: ViewTask) => {
  perform(task).then(
    (value) => answer({ value }),
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      answer({ error: message, isStopped: error instanceof CopyStopped });
    },
  );
});
