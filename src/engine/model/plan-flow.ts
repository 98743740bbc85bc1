import { textOfJson } from "./field";
import { grouped } from "./grouped";
import { calledVenues } from "./called-venues";
import { callSettings, nodesIn, venueOf } from "./definition";
import type { CallSettings, Definition, PlanNode, ResolvedVenue, StepNode } from "./definition";
import type { LimitName } from "./flow";
import { plannedSteps, planSize, worstCase } from "./plan";
import type { PlannedStep } from "./plan";
import { instructionsOf, pinnedSections, skillFile, skillsOf } from "./pinned";
import { stepSection, taskSection } from "./prompt-text";
import { reachOf } from "./reach";
import type { Reach } from "./reach";
import { editorOnlyReason, editorToolsOf } from "./editor-only";
import { parseTemplate, placeholderText } from "./template";
import type { Placeholder } from "./template";
import { anyTouches, isForeign } from "./tools";
import { defined } from "./defined";
import { entryOf } from "./entry-of";

/** Most runs that a plan lists; the rest are counted. */
const maxPlannedRuns = 1000;

/** A prompt as it is sent, except for what is only known during the run: that is left as its placeholder. */
export interface PlannedPrompt {
  readonly system: string;
  readonly user: string;
  /** Placeholders that get their value during the run. */
  readonly open: readonly string[];
}

/** A file whose content a session fixes when it begins. */
export interface PlannedFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface PlannedSkill {
  readonly name: string;
  readonly description: string;
  readonly folder: string;
  /** Their paths are relative to the folder. */
  readonly files: readonly PlannedFile[];
}

/** One step of the Score, with everything that is known about it before any tokens are spent. */
export interface FlowPlanStep {
  readonly id: string;
  readonly role: string;
  /** What it does where no role is at work: a command, a question, an acceptance; in words. */
  readonly act?: string;
  readonly note?: string;
  /** Loops and groups around it, outermost first. */
  readonly within: PlannedStep["within"];
  readonly settings: CallSettings;
  /** The name of the Venue that answers, where it is not the Flow's own. */
  readonly venue?: string;
  readonly tools: readonly string[];
  /** Those that other extensions and MCP servers perform: Orket cannot bound them. */
  readonly foreignTools: readonly string[];
  /** Scopes that its tools may read and write. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Files of the project in its system prompt, and the skills that it can read, as they are now. */
  readonly instructions: readonly PlannedFile[];
  readonly skills: readonly PlannedSkill[];
  readonly approval: StepNode["approval"];
  readonly produces: readonly string[];
  readonly verdict: readonly string[];
  /** The role is disabled: the step is skipped. */
  readonly disabled: boolean;
  readonly maxRuns: number;
  /** For all its runs; `usd` is undefined without prices. */
  readonly worst: WorstCase;
  readonly prompt?: PlannedPrompt;
}

export interface WorstCase {
  readonly calls: number;
  readonly tokens: number;
  readonly usd: number | undefined;
  /** Until every call would have timed out; how long a call really takes is unknown. */
  readonly seconds: number;
}

/** A step as it is performed, loops unrolled to their bounds. */
export interface PlannedRun {
  /** `id`, or `id#2`, `id#2.1` within loops. */
  readonly key: string;
  readonly step: string;
}

export interface PlannedLimit {
  readonly name: LimitName;
  readonly limit: number;
  /** What the worst case needs in the limit's unit; undefined where unknown. */
  readonly worst: number | undefined;
  /** The run in which the worst case reaches it; absent when it does not. */
  readonly at?: string;
}

/** A backend, as shown in a plan. */
export interface PlannedVenue {
  readonly name: string;
  readonly source: string;
  readonly provider: string;
  readonly endpoint?: string;
}

/** The resolved Flow before any tokens are spent. */
export interface FlowPlan {
  readonly flow: { readonly name: string; readonly source: string; readonly task: string };
  readonly inputs: Definition["flow"]["inputs"];
  readonly band: { readonly name: string; readonly source: string };
  readonly venue: PlannedVenue;
  /** The Venues that it routes roles to, as far as steps are given to them. */
  readonly otherVenues: readonly (PlannedVenue & { readonly roles: readonly string[] })[];
  readonly score: { readonly name: string; readonly source: string };
  readonly references: readonly string[];
  /** Why it runs in VS Code only; absent: it also runs on the command line. */
  readonly editorOnly?: string;
  /** Tools that only VS Code has, by role: a run on the command line goes without them. Absent: there are none. */
  readonly editorTools?: ReturnType<typeof editorToolsOf>;
  /** The most that a run can access. */
  readonly reach: Reach;
  readonly steps: readonly FlowPlanStep[];
  readonly runs: readonly PlannedRun[];
  /** The number of runs beyond `maxPlannedRuns`, which are not listed. */
  readonly moreRuns: number;
  /** Sums over everything that is not disabled. */
  readonly worst: WorstCase & { readonly steps: number; readonly maxSteps: number };
  readonly limits: readonly PlannedLimit[];
}

function secondsOf({ timeouts, retry }: ResolvedVenue, calls: number): number {
  const { attempts, backoff_seconds: backoff } = retry;
  const waits = attempts > 1 ? backoff * (2 ** (attempts - 1) - 1) : 0;
  return calls * (attempts * timeouts.total_seconds + waits);
}

function valueOf(definition: Definition, step: StepNode, placeholder: Placeholder): string | undefined {
  switch (placeholder.kind) {
    case "task":
      return definition.flow.task.trim();
    case "input": {
      const value = entryOf(definition.flow.inputs, placeholder.name);
      return value === undefined ? undefined : textOfJson(value);
    }
    case "role":
      return step.role;
    case "step":
      return step.id;
    case "note":
    case "summary":
    case "verdict":
    case "result":
    case "item":
    case "artifact":
      return undefined;
  }
}

/** The first prompt of a step as far as it is known before the run. */
export function planPrompt(
  definition: Definition,
  step: StepNode,
  iteration: readonly number[] = [],
): PlannedPrompt {
  const open = new Set<string>();
  let usesTask = false;
  const expand = (template: string): string[] =>
    parseTemplate(template).segments.map((segment) => {
      if (segment.kind === "text") return segment.text;
      usesTask ||= segment.placeholder.kind === "task";
      const value = valueOf(definition, step, segment.placeholder);
      if (value === undefined) open.add(placeholderText(segment.placeholder));
      return value ?? placeholderText(segment.placeholder);
    });
  const system = `${expand(entryOf(definition.band.roles, step.role)?.prompt ?? "").join("")}${pinnedSections(definition.band, step.role)}`;
  const instruction = expand(step.instruction);
  const task = usesTask ? "" : taskSection(definition.flow.task);
  return { system, user: `${task}${stepSection(step, iteration, instruction).join("")}`, open: [...open] };
}

/** What a step does without a model, in words; undefined where a role is at work. */
function actText({ flow }: Definition, { does, role }: StepNode): string | undefined {
  switch (does?.kind) {
    case undefined:
      return undefined;
    case "run": {
      const spec = entryOf(flow.commands, does.command);
      if (spec === undefined) return `runs ${does.command}`;
      const where =
        spec.effects === "outside"
          ? "on the project itself, asked for each time"
          : "on a view of the project that is thrown away";
      return `runs ${spec.argv.join(" ")} ${where}; ${spec.timeout_seconds} s at most`;
    }
    case "ask": {
      const whom = does.agent_may_answer === true ? "a person, or an agent of the editor," : "a person";
      return does.question === undefined
        ? `asks ${whom} the questions of ${does.from?.step ?? "an earlier step"}`
        : `asks ${whom.replace(/,$/, "")}: ${does.question.trim()}`;
    }
    case "accept":
      return `waits until a person has decided about ${does.paths.join(", ")}`;
    case "group":
      return role;
  }
}

/** A step's instruction files and skills, each with the beginning of its digest. */
export function pinnedTexts({ instructions, skills }: FlowPlanStep): string[] {
  const about = ({ bytes, sha256 }: PlannedFile): string =>
    `${grouped(bytes)} bytes, sha256 ${sha256.slice(0, 12)}`;
  return [
    ...instructions.map((file) => `instructions ${file.path} (${about(file)})`),
    ...skills.map(({ name, folder, files }) => {
      const main = files.find(({ path }) => path === skillFile);
      const others = files.length - 1;
      const more = others === 0 ? "" : ` and ${others} more ${others === 1 ? "file" : "files"}`;
      return `skill ${name} from ${folder}: ${skillFile}${main === undefined ? "" : ` (${about(main)})`}${more}`;
    }),
  ];
}

function plannedFile({ path, bytes, sha256 }: PlannedFile): PlannedFile {
  return { path, bytes, sha256 };
}

function planStep(definition: Definition, planned: PlannedStep, prompts: boolean): FlowPlanStep {
  const { node, within, maxRuns } = planned;
  const tools = entryOf(definition.band.roles, node.role)?.tools ?? [];
  const { policy, conductor } = definition.flow;
  const worst = worstCase(definition, planned);
  const agent = node.does === undefined;
  const other = agent ? venueOf(definition, node.role) : definition.venue;
  return {
    id: node.id,
    role: node.role,
    ...defined({ act: actText(definition, node), note: node.note }),
    within,
    settings: callSettings(definition, node.role),
    ...(other === definition.venue ? {} : { venue: other.name }),
    tools,
    foreignTools: tools.filter(isForeign),
    reads: anyTouches(tools, "read") ? policy.read_scope : [],
    writes: anyTouches(tools, "write") ? policy.write_scope : [],
    instructions: agent ? instructionsOf(definition.band, node.role).map(plannedFile) : [],
    skills: agent
      ? skillsOf(definition.band, node.role).map((skill) => ({
          ...skill,
          files: skill.files.map(plannedFile),
        }))
      : [],
    approval: node.approval,
    produces: node.produces,
    verdict: node.verdict ?? [],
    disabled: conductor.disabled_roles.includes(node.role),
    maxRuns,
    worst: { ...worst, seconds: secondsOf(other, worst.calls) },
    ...(prompts && agent
      ? { prompt: planPrompt(definition, node, within.some(({ kind }) => kind === "loop") ? [1] : []) }
      : {}),
  };
}

function* unroll(
  nodes: readonly PlanNode[],
  iteration: readonly number[],
  prefix = "",
): Generator<PlannedRun> {
  for (const node of nodes) {
    if (node.kind === "step") {
      const key = iteration.length === 0 ? node.id : `${node.id}#${iteration.join(".")}`;
      yield { key: `${prefix}${key}`, step: node.id };
    } else if (node.kind === "loop") {
      for (let turn = 1; turn <= node.max; turn++) yield* unroll(node.body, [...iteration, turn], prefix);
    } else if (node.kind === "each") {
      for (let item = 1; item <= node.max; item++)
        yield* unroll(node.body, iteration, `${prefix}${node.id}[${item}].`);
    } else yield* unroll(nodesIn(node), iteration, prefix);
  }
}

function limitsOf(definition: Definition, steps: readonly FlowPlanStep[], total: WorstCase): PlannedLimit[] {
  const { limits } = definition.flow;
  const unit = {
    total_tokens: "tokens",
    cost_usd: "usd",
    duration_seconds: "seconds",
    model_calls: "calls",
  } as const;
  const each = new Map(steps.map((step) => [step.id, step]));
  return (Object.keys(unit) as LimitName[]).flatMap((name): PlannedLimit[] => {
    const limit = limits[name];
    if (limit === undefined) return [];
    // How long calls take is unknown; the time until they would time out says nothing about a limit.
    const worst = name === "duration_seconds" ? undefined : total[unit[name]];
    if (worst === undefined || worst <= limit) return [{ name, limit, worst }];
    let used = 0;
    for (const run of unroll(definition.score.steps, [])) {
      const step = each.get(run.step);
      if (step === undefined || step.disabled) continue;
      used += (step.worst[unit[name]] ?? 0) / Math.max(1, step.maxRuns);
      if (used > limit) return [{ name, limit, worst, at: run.key }];
    }
    return [{ name, limit, worst }];
  });
}

function planVenue({ name, source, provider, endpoint }: ResolvedVenue): PlannedVenue {
  return { name, source, provider, ...defined({ endpoint }) };
}

/** Everything that is known about a run before it begins. `prompts: false` omits the prompts. */
export function planFlow(definition: Definition, options: { readonly prompts?: boolean } = {}): FlowPlan {
  const { flow, band, venue, score } = definition;
  const steps = plannedSteps(score.steps).map((step) =>
    planStep(definition, step, options.prompts !== false),
  );
  const active = steps.filter(({ disabled }) => !disabled);
  const sum = (of: (worst: WorstCase) => number): number =>
    active.reduce((total, { worst }) => total + of(worst), 0);
  const unpriced = active.some(({ worst }) => worst.usd === undefined);
  const size = planSize(definition);
  const worst = {
    steps: active.length,
    maxSteps: active.reduce((total, { maxRuns }) => total + maxRuns, 0),
    calls: sum(({ calls }) => calls),
    tokens: sum(({ tokens }) => tokens),
    usd: unpriced ? undefined : sum(({ usd }) => usd ?? 0),
    seconds: sum(({ seconds }) => seconds),
  };
  const editorTools = editorToolsOf(definition);
  const runs: PlannedRun[] = [];
  for (const run of unroll(score.steps, [])) {
    if (runs.length === maxPlannedRuns) break;
    runs.push(run);
  }
  return {
    flow: { name: flow.name, source: flow.source, task: flow.task },
    inputs: flow.inputs,
    band: { name: band.name, source: band.source },
    venue: planVenue(venue),
    otherVenues: calledVenues(definition).flatMap(({ venue: other, roles }) =>
      other === venue ? [] : [{ ...planVenue(other), roles }],
    ),
    score: { name: score.name, source: score.source },
    references: flow.references,
    ...defined({
      editorOnly: editorOnlyReason(definition),
      editorTools: editorTools.length === 0 ? undefined : editorTools,
    }),
    reach: reachOf(definition),
    steps,
    runs,
    moreRuns: size.max_steps - runs.length,
    worst,
    limits: limitsOf(definition, steps, worst),
  };
}
