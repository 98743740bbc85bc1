import { sessionWords } from "../../engine/view/session-label";
import { findFlow, inputsText } from "./run-request";
import type { FoundFlow, OfferedProject } from "./run-request";
import { reportOf } from "./session-report";
import type { AgentSession, SessionReport } from "./session-report";

/** What the chat participant needs of a host. */
export interface ChatHost<P extends OfferedProject = OfferedProject> {
  projects(): Promise<readonly P[]>;
  /** The session with this id or unique part of it; undefined: the newest one. @throws {OrketError} session_not_found. */
  session(which: string | undefined): Promise<AgentSession>;
}

/** A piece of an answer: `text` is shown as it is, since it can come from files or models; `markdown` is Orket's own. */
export type ChatPart<P extends OfferedProject = OfferedProject> =
  | { readonly kind: "markdown" | "text"; readonly value: string }
  | { readonly kind: "run"; readonly found: FoundFlow<P>; readonly task?: string }
  | { readonly kind: "plan"; readonly found: FoundFlow<P> }
  | { readonly kind: "session"; readonly id: string };

const markdown = (value: string) => ({ kind: "markdown", value }) as const;
const text = (value: string) => ({ kind: "text", value }) as const;

/** Maximum number of Flows in an answer. */
const maxFlows = 20;

/**
 * What `@orket` answers. No model is called: `/run FLOW TASK` offers a button that runs the Flow as the command does,
 * `/session` reports on a session, and everything else lists the Flows and says what can be asked.
 * @throws {OrketError} usage, session_not_found, session_ambiguous.
 */
export async function chatAnswer<P extends OfferedProject>(
  host: ChatHost<P>,
  { command, prompt }: { readonly command: string | undefined; readonly prompt: string },
): Promise<readonly ChatPart<P>[]> {
  const words = prompt.trim();
  if (command === "run" && words !== "") return runAnswer(await host.projects(), words);
  if (command === "session")
    return sessionAnswer(await reportOf(await host.session(words === "" ? undefined : words)));
  return flowsAnswer(await host.projects());
}

function runAnswer<P extends OfferedProject>(projects: readonly P[], words: string): ChatPart<P>[] {
  const [name = "", ...rest] = words.split(/\s+/);
  const found = findFlow(projects, name);
  const task = rest.length === 0 ? undefined : words.slice(words.indexOf(name) + name.length).trim();
  const { flow } = found;
  if (!flow.runnable) {
    return [
      markdown("This Flow cannot run as it is: "),
      text(`${flow.path} and the files that it names have ${flow.errors} problems. See the Problems view.`),
    ];
  }
  return [
    markdown("**"),
    text(flow.name),
    markdown("**"),
    ...(flow.description === undefined ? [] : [text(`: ${flow.description}`)]),
    ...(task === undefined ? [] : [markdown("\n\nTask: "), text(task)]),
    markdown("\n\nNothing has started yet. The button runs it and asks what the Flow asks for."),
    { kind: "run", found, ...(task === undefined ? {} : { task }) },
    { kind: "plan", found },
  ];
}

function flowsAnswer<P extends OfferedProject>(projects: readonly P[]): ChatPart<P>[] {
  const flows = projects.flatMap((project) => project.flows.map((flow) => ({ project, flow })));
  const help =
    "\n\n- `/run FLOW TASK` offers to run a Flow; without TASK with the task that it names\n- `/session ID` reports on a session; without ID on the newest\n\n`@orket` calls no model. An agent can use the tools `#orket_run_flow`, `#orket_session` and `#orket_answer`.";
  if (flows.length === 0) {
    return [
      markdown("The open folders have no Flow. The command **Orket: New Flow** writes one."),
      markdown(help),
    ];
  }
  const rows = flows.slice(0, maxFlows).flatMap(({ project, flow }): ChatPart<P>[] => {
    const place = projects.length > 1 ? `${project.name}/${flow.path}` : flow.path;
    const says = [
      flow.description ?? "",
      flow.inputs.length === 0 ? "" : `Inputs: ${inputsText(flow.inputs)}.`,
      flow.runnable ? "" : `It has ${flow.errors} problems.`,
    ];
    return [
      markdown("\n- **"),
      text(flow.name),
      markdown("** "),
      text([`(${place})`, ...says.filter((one) => one !== "")].join(" ")),
    ];
  });
  const more = flows.length - maxFlows;
  return [
    markdown("The Flows of the open folders:\n"),
    ...rows,
    ...(more > 0 ? [markdown(`\n- and ${more} more`)] : []),
    markdown(help),
  ];
}

function sessionAnswer<P extends OfferedProject>(report: SessionReport): ChatPart<P>[] {
  const { session, flow, state, ending, steps, waiting, result, filesToReview } = report;
  const files = filesToReview.length + (report.moreFilesToReview ?? 0);
  const lines: ChatPart<P>[] = [
    markdown("**"),
    text(flow),
    markdown(`** is **${sessionWords[state]}**: ${steps.done} of ${steps.of} steps are done. `),
    ...(ending === undefined ? [] : [text(ending)]),
  ];
  for (const wait of waiting) lines.push(markdown("\n- "), text(`${wait.step ?? wait.kind}: ${wait.text}`));
  if (report.moreWaiting !== undefined) lines.push(markdown(`\n- and ${report.moreWaiting} more`));
  if (result?.verdict !== undefined) lines.push(markdown("\n\nVerdict: "), text(result.verdict));
  if (result?.value !== undefined) lines.push(markdown("\n\nResult: "), text(JSON.stringify(result.value)));
  if (result?.summary !== undefined) lines.push(markdown("\n\n"), text(result.summary));
  if (files > 0)
    lines.push(markdown(`\n\n${files} ${files === 1 ? "file waits" : "files wait"} for your decision.`));
  return [...lines, { kind: "session", id: session }];
}
