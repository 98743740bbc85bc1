import * as vscode from "vscode";
import { createProvider } from "../../adapters/provider/provider-factory";
import type { ProviderDeps } from "../../adapters/provider/provider-deps";
import { OrketError } from "../../engine/error/orket-error";
import type { TokenCount } from "../../engine/event/tokens";
import { callSettings, venueOf } from "../../engine/model/definition";
import type { Definition } from "../../engine/model/definition";
import { plannedSteps } from "../../engine/model/plan";
import { planPrompt } from "../../engine/model/plan-flow";
import type { PlannedPrompt } from "../../engine/model/plan-flow";
import { CancelSource } from "../../engine/port/cancellation";
import type { ModelReply } from "../../engine/port/model-provider";
import { resolveFlow } from "../../language";
import type { Project } from "../../language";
import type { ErrorPresenter } from "../errors";
import { schemes } from "../ids";
import { mayCall, withModel } from "../flow/run-flow";
import { Coalescer } from "../webview/coalesce";
import type { PromptCommands } from "./prompt-commands";
import type { PromptUse } from "./prompt-uri";
import { besideActive, withOpenPrompt } from "./prompt-preview";
import { failureOf } from "../../app/failure";
import { grouped } from "../../engine/model/grouped";

/** One trial, as its document shows it. */
interface Try {
  readonly title: string;
  readonly role: string;
  readonly step: string;
  readonly venue: string;
  readonly model: string;
  readonly prompt: PlannedPrompt;
  text: string;
  state: "waiting" | "cancelled" | { readonly reply: ModelReply } | { readonly problem: string };
}

/** Number of trials whose documents remain readable. */
const maxKept = 20;

/** Sends a prompt once to a Venue and shows the reply. No session, no tools, nothing on the disk. */
export class PromptTries implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #tries = new Map<string, Try>();
  readonly onDidChange = this.#changed.event;
  #count = 0;
  readonly #prompts: PromptCommands;
  readonly #deps: ProviderDeps;
  readonly #errors: ErrorPresenter;

  constructor(prompts: PromptCommands, deps: ProviderDeps, errors: ErrorPresenter) {
    this.#errors = errors;
    this.#prompts = prompts;
    this.#deps = deps;
  }

  async run(argument: unknown): Promise<void> {
    if (!(await mayCall())) return;
    const target = await this.#prompts.choose(argument, "Which prompt do you want to try?");
    const use = target === undefined ? undefined : await this.#prompts.chooseUse(target);
    const venue = use === undefined ? undefined : await chooseVenue(use);
    if (use === undefined || venue === undefined) return;
    const resolved = resolve(use, venue);
    const planned = plannedSteps(resolved.score.steps).find(({ node }) => node.id === use.step);
    if (planned === undefined) throw new OrketError("usage", `The Score has no step '${use.step}'.`);
    const definition = await withModel(resolved, [planned.node.role]);
    if (definition === undefined) return;
    const rounds = planned.within.flatMap(({ kind }) => (kind === "loop" ? [1] : []));
    const settings = callSettings(definition, planned.node.role);
    const { name: venueName } = venueOf(definition, planned.node.role);
    const attempt: Try = {
      title: `${use.target.name} on ${venueName}`,
      role: planned.node.role,
      step: use.step,
      venue: venueName,
      model: settings.model,
      prompt: planPrompt(definition, planned.node, rounds),
      text: "",
      state: "waiting",
    };
    this.#count += 1;
    const uri = vscode.Uri.from({
      scheme: schemes.try,
      path: `/${attempt.title}.md`,
      query: String(this.#count),
    });
    this.#keep(uri, attempt);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, {
      viewColumn: besideActive(),
      preserveFocus: true,
      preview: true,
    });
    await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: `Trying ${attempt.title}`, cancellable: true },
      (_progress, token) => this.#call(definition, attempt, uri, token),
    );
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    const attempt = this.#tries.get(uri.query);
    return attempt === undefined
      ? "The result of this trial is no longer available; Orket does not save it.\n"
      : tryText(attempt);
  }

  async #call(
    definition: Definition,
    attempt: Try,
    uri: vscode.Uri,
    token: vscode.CancellationToken,
  ): Promise<void> {
    const cancel = new CancelSource();
    const listening = token.onCancellationRequested(() => cancel.cancel());
    const drawing = new Coalescer(100, () => this.#changed.fire(uri), this.#errors.report);
    try {
      const provider = await createProvider(venueOf(definition, attempt.role), this.#deps);
      const { system, user } = attempt.prompt;
      const reply = await provider.call(
        {
          messages: [
            ...(system.trim() === "" ? [] : [{ role: "system" as const, content: system }]),
            { role: "user", content: user },
          ],
          settings: callSettings(definition, attempt.role),
          tools: [],
          origin: {
            session: "try",
            stepId: attempt.step,
            stepKey: attempt.step,
            role: attempt.role,
            answeredCalls: 0,
          },
        },
        (delta) => {
          if (delta.kind === "restart") attempt.text = "";
          else if (delta.kind === "text") attempt.text += delta.text;
          drawing.request();
        },
        cancel,
      );
      attempt.state = { reply };
    } catch (error) {
      if (cancel.aborted) attempt.state = "cancelled";
      else {
        attempt.state = { problem: error instanceof Error ? error.message : String(error) };
        throw failureOf(error);
      }
    } finally {
      drawing.stop();
      listening.dispose();
      this.#changed.fire(uri);
    }
  }

  #keep(uri: vscode.Uri, attempt: Try): void {
    this.#tries.set(uri.query, attempt);
    const [oldest] = this.#tries.keys();
    if (this.#tries.size > maxKept && oldest !== undefined) this.#tries.delete(oldest);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

/** The Venue that the user picks; the Flow's own comes first. */
async function chooseVenue({ live, flow }: PromptUse): Promise<string | undefined> {
  const { project } = live;
  const own = resolveFlow(project, flow, { forRun: false }).definition?.venue.name;
  const items = [...(project.names.get("venue") ?? [])].map(([name, paths]) => {
    const value = project.sources.get(paths[0] ?? "")?.value;
    return {
      label: name,
      description: [textIn(value, "provider"), textIn(value, "model")]
        .filter((text) => text !== "")
        .join(", "),
      detail: name === own ? "The Flow's own" : (paths[0] ?? ""),
    };
  });
  items.sort((a, b) => Number(b.label === own) - Number(a.label === own));
  const options = {
    title: "Try Prompt",
    placeHolder: "On which Venue?",
    ignoreFocusOut: true,
    matchOnDescription: true,
  };
  return (await vscode.window.showQuickPick(items, options))?.label;
}

function textIn(value: unknown, key: string): string {
  if (typeof value !== "object" || value === null) return "";
  const found = (value as Readonly<Record<string, unknown>>)[key];
  return typeof found === "string" ? found : "";
}

/** @throws {OrketError} definition_invalid */
function resolve({ live, target, flow }: PromptUse, venue: string): Definition {
  const project: Project = withOpenPrompt(live.project, target.uri, target.name, live);
  const { definition, diagnostics } = resolveFlow(project, flow, { forRun: false, venue });
  if (definition !== undefined) return definition;
  const first = diagnostics.find(({ severity }) => severity === "error");
  throw new OrketError(
    "definition_invalid",
    `${first?.file ?? flow}: ${first?.message ?? "it cannot run."}`,
    {
      ...(first?.hint === undefined ? {} : { hint: first.hint }),
    },
  );
}

const count = (tokens: TokenCount | undefined): string =>
  tokens === undefined
    ? "unknown"
    : `${grouped(tokens.count)}${tokens.source === "estimated" ? " (estimated)" : ""}`;

const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;

/** A code fence that the text cannot close. */
function fenced(text: string): string[] {
  const runs = [...text.matchAll(/`+/g)].map(([run]) => run.length + 1);
  const fence = "`".repeat(Math.max(3, ...runs));
  return [`${fence}text`, text.trimEnd(), fence];
}

function replyLines(attempt: Try): string[] {
  const { state, text } = attempt;
  if (state === "waiting") return ["", "## Reply", "", ...fenced(text === "" ? "…" : text)];
  if (state === "cancelled") return ["", "## Cancelled", "", ...(text === "" ? [] : fenced(text))];
  if ("problem" in state)
    return ["", "## Failed", "", state.problem, "", ...(text === "" ? [] : fenced(text))];
  const { reply } = state;
  const { usage } = reply;
  const first =
    reply.firstTokenMs === undefined ? "" : `, the first token after ${seconds(reply.firstTokenMs)}`;
  return [
    `- Time: ${seconds(reply.totalMs)}${first}`,
    `- Tokens: ${count(usage.input)} in, ${count(usage.output)} out`,
    `- Model: ${reply.model ?? attempt.model}${reply.node === undefined ? "" : ` on ${reply.node}`}; ended by ${reply.finishReason}`,
    ...(reply.notices ?? []).map((notice) => `- ${notice}`),
    "",
    "## Reply",
    "",
    ...fenced(reply.text),
    ...reply.toolCalls.flatMap(({ name, argumentsJson }) => [
      "",
      `It would call \`${name}\`; a try performs no tools.`,
      "",
      ...fenced(argumentsJson),
    ]),
  ];
}

function tryText(attempt: Try): string {
  const { prompt } = attempt;
  return [
    `# ${attempt.title}`,
    "",
    `- Step: ${attempt.step}, role ${attempt.role}`,
    ...(prompt.open.length === 0
      ? []
      : [`- Sent as written, since only a run fills them: ${prompt.open.join(", ")}`]),
    ...replyLines(attempt),
    "",
    "## System",
    "",
    ...fenced(prompt.system),
    "",
    "## User",
    "",
    ...fenced(prompt.user),
    "",
  ].join("\n");
}
