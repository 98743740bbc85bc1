import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { OrketError } from "../../engine/error/orket-error";
import { offeredTestRunners } from "../../app/project/test-runners";
import {
  flowTemplates,
  newFlowFiles,
  newFlowProviders,
  runsTests,
  testArgv,
  testRunners,
} from "../../language/templates";
import type { NewFlowProvider, TestRunnerId } from "../../language/templates";
import { callOf } from "../command";
import type { Command, CommandContext, OptionSpec } from "../command";
import { exitCodes } from "../exit-code";
import type { ExitCode } from "../exit-code";
import { loadProject, projectPath } from "../project";
import { TypedLines } from "../run/lines";
import { safeLine } from "../text/safe";
import { defined } from "../../engine/model/defined";

/**
 * Writes new files of the project; existing files are not changed.
 * @throws {OrketError} usage when one exists after all.
 */
export async function writeNew(
  workDomain: string,
  files: readonly { readonly path: string; readonly text: string }[],
): Promise<void> {
  for (const { path: place, text } of files) {
    const file = path.join(workDomain, place);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text, { flag: "wx" }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      throw new OrketError("usage", `${safeLine(place)} already exists and is left as it is.`);
    });
  }
}

/** A folder of the project as the user wrote it. @throws {OrketError} usage when it is outside. */
export function folderInProject(
  where: Pick<CommandContext, "workDomain" | "base">,
  written: string,
  option: string,
): string {
  const place = projectPath(where, written);
  if (place !== undefined) return place;
  throw new OrketError("usage", `${option} ${safeLine(written)} is outside the project.`, {
    hint: "Name a folder in it, or choose the project with -C DIR.",
  });
}

const testsLine = (id: TestRunnerId): string => `${id.padEnd(8)}  ${testArgv(id).join(" ")}`;

/** How the tests run: from the option, or from the user's answer; undefined where there is neither. */
async function chooseTests(
  { io, given }: CommandContext,
  offered: readonly TestRunnerId[],
): Promise<TestRunnerId | undefined> {
  const named = given.value("tests") as TestRunnerId | undefined;
  if (named !== undefined || !io.interactive) return named;
  io.stderr.line("How do the project's tests run?");
  for (const { id } of testRunners) {
    io.stderr.line(`  ${testsLine(id)}${offered.includes(id) ? "   (found here)" : ""}`);
  }
  const lines = new TypedLines(io.stdin);
  try {
    for (;;) {
      io.stderr.write("One of these > ");
      const typed = (await lines.next())?.trim();
      if (typed === undefined || typed === "") return undefined;
      const chosen = testRunners.find(({ id }) => id === typed)?.id;
      if (chosen !== undefined) return chosen;
    }
  } finally {
    lines.stop();
  }
}

/** Reports what the Flow will run, and that it was chosen rather than detected, or is still to be chosen. */
function sayTests(
  { io }: CommandContext,
  flow: string,
  chosen: TestRunnerId | undefined,
  offered: readonly TestRunnerId[],
): void {
  io.stderr.line(`\nIts command 'tests' is: ${testArgv(chosen ?? "node").join(" ")}`);
  if (chosen !== undefined) return;
  io.stderr.line(
    offered.length === 0
      ? `  Nothing in this project says how its tests run. Change the command in ${safeLine(flow)}, or use --tests.`
      : `  It is the default. This project seems to use ${offered.map((id) => `'${testArgv(id).join(" ")}' (--tests ${id})`).join(", ")}: change the command in ${safeLine(flow)}.`,
  );
}

async function create(context: CommandContext): Promise<ExitCode> {
  const { io, given, workDomain } = context;
  const [template = "", name = ""] = given.positionals;
  const provider = given.value("provider") as NewFlowProvider | undefined;
  const model = given.value("model");
  await mkdir(workDomain, { recursive: true });
  const offered = runsTests(template) ? await offeredTestRunners(workDomain) : [];
  const tests = runsTests(template) ? await chooseTests(context, offered) : undefined;
  const made = newFlowFiles({
    template,
    name,
    folder: folderInProject(context, given.value("dir") ?? ".", "--dir"),
    project: await loadProject(context),
    ...defined({ provider, model, tests }),
  });
  if (made.kind === "refused") {
    throw new OrketError("usage", made.message, {
      hint: made.field === "name" ? "Choose another name." : "See orket new --help.",
    });
  }
  await writeNew(workDomain, made.files);
  for (const file of made.files) io.stdout.line(safeLine(file.path));
  if (runsTests(template)) sayTests(context, made.flow, tests, offered);
  const call = callOf(context);
  io.stderr.line(`\nChange the task in ${safeLine(made.flow)}, and the model in its Venue. Next:`);
  io.stderr.line(
    `  ${call} run ${name} --venue ${made.scriptedVenue}   try it with recorded replies, without a model`,
  );
  io.stderr.line(`  ${call} plan ${name}   what a run would do`);
  io.stderr.line(`  ${call} run ${name}   perform it, asking before each step`);
  return exitCodes.done;
}

export const newCommand: Command = {
  name: "new",
  summary: "Write a new Flow from a template.",
  get details() {
    return [
      ...flowTemplates.map(({ id, summary }) => `${id}: ${summary}`),
      "Writes a Flow, a Band, a Score, a Venue for the provider and one with recorded replies, so that it runs without a model. Existing files are never changed.",
    ];
  },
  get args() {
    return [
      { name: "TEMPLATE", summary: `One of ${flowTemplates.map(({ id }) => id).join(", ")}.` },
      { name: "NAME", summary: "The new Flow's name." },
    ];
  },
  get options(): readonly OptionSpec[] {
    return [
      { name: "dir", value: "DIR", summary: "The folder of the project to write to; by default its root." },
      {
        name: "provider",
        value: "P",
        choices: newFlowProviders,
        summary: `The backend: ${newFlowProviders.join(", ")}; ollama without it.`,
      },
      { name: "model", value: "M", summary: "The model, as the backend names it." },
      {
        name: "tests",
        value: "RUNNER",
        choices: testRunners.map(({ id }) => id),
        summary: `How the project's tests run, for fix-until-tests-pass: ${testRunners.map(({ id }) => id).join(", ")}.`,
      },
    ];
  },
  examples: [
    { line: "orket new plan-build-review parser --dir flows", does: "a team that plans, builds and reviews" },
    {
      line: "orket new fix-until-tests-pass green --tests pytest",
      does: "a team that runs the tests, here with 'python3 -m pytest', until they pass",
    },
    { line: "orket new write-edit post --provider openai --model gpt-4o", does: "another backend" },
  ],
  run: create,
};
