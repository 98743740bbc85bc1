import path from "node:path";
import * as vscode from "vscode";
import { replayAndProve, verifySession } from "../../app/session/audit";
import { exportPieces, writeExport } from "../../app/session/export";
import type { ExportFormat } from "../../app/session/export";
import { openSnapshot } from "../../app/session/snapshot";
import { asRecordedText } from "../../engine/history/divergence";
import { commandIds } from "../ids";
import type { CommandId } from "../ids";
import { mayRun } from "../flow/run-flow";
import type { SessionRegistry } from "../session/session-registry";
import type { ConductorView } from "../conductor/conductor-view";
import type { SessionPanels } from "../event-panel/session-panels";
import { fork } from "./fork";
import type { ForkParts } from "./fork";
import { prune, remove, rename, search } from "./housekeeping";
import { nameOf, pickSession, workDomainOf } from "./pick-session";
import type { Repeats } from "./repeat";
import type { Reports } from "./reports";
import { pickPair, showPair } from "./compare";
import { differencesOf, divergenceSentence, divergenceText, factsText } from "./session-text";

declare const ORKET_VERSION: string;

export interface HistoryParts extends ForkParts {
  readonly conductor: ConductorView;
  readonly panels: SessionPanels;
  readonly reports: Reports;
  readonly repeats: Repeats;
}

type HistoryCommandId = Extract<
  CommandId,
  | `orket.${"replay" | "verify" | "repeat" | "fork" | "export" | "rename" | "delete"}Session`
  | `orket.${"compare" | "search" | "prune"}Sessions`
>;

/** The commands for sessions that have run. */
export function historyCommands(
  parts: HistoryParts,
): Readonly<Record<HistoryCommandId, (target: unknown) => unknown>> {
  const { sessions, panels } = parts;
  return {
    [commandIds.replaySession]: (target) => replay(parts, target),
    [commandIds.verifySession]: (target) => verify(parts, target),
    [commandIds.repeatSession]: (target) => parts.repeats.repeat(target),
    [commandIds.forkSession]: (target) => forkAt(parts, target),
    [commandIds.compareSessions]: (target) => compare(parts, target),
    [commandIds.exportSession]: (target) => exportSession(sessions, target),
    [commandIds.renameSession]: (target) => rename(sessions, target),
    [commandIds.deleteSession]: (target) => remove(sessions, panels, target),
    [commandIds.searchSessions]: () => search(sessions, panels),
    [commandIds.pruneSessions]: () => prune(),
  };
}

function withProgress<T>(title: string, work: () => Promise<T>): Thenable<T> {
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title }, work);
}

async function replay({ sessions, reports }: HistoryParts, target: unknown): Promise<void> {
  const session = await pickSession(sessions, target, "Which session should be replayed?");
  if (session === undefined) return;
  const name = nameOf(session);
  const outcome = await withProgress(`Replaying ${name}`, () => replayAndProve(session.path, ORKET_VERSION));
  sessions.relist();
  const { divergence, events, modelCalls, finished } = outcome;
  if (divergence === undefined) {
    const taken = asRecordedText(outcome.asRecorded);
    const far =
      (taken === undefined ? "" : ` ${taken}`) +
      (finished ? "" : " The session has not ended; it was replayed as far as it got.");
    void vscode.window.showInformationMessage(
      `${name}: the replay is identical (${events} events, ${modelCalls} recorded replies, no model asked).${far}`,
    );
    return;
  }
  const show = "Show Difference";
  const answer = await vscode.window.showWarningMessage(`${name}: ${divergenceSentence(divergence)}`, show);
  if (answer !== show) return;
  await reports.diff(
    `${name}: recorded ↔ replayed, ${divergence.step ?? "start"}, event ${divergence.seq}`,
    { name: "recorded.txt", text: divergenceText(session.id, divergence, "recorded") },
    { name: "replayed.txt", text: divergenceText(session.id, divergence, "replayed") },
  );
}

async function verify({ sessions, reports }: HistoryParts, target: unknown): Promise<void> {
  const session = await pickSession(sessions, target, "Which session should be verified?");
  if (session === undefined) return;
  const name = nameOf(session);
  const found = await withProgress(`Verifying ${name}`, () => verifySession(session.path));
  const open = found.sealed
    ? ""
    : " It was not closed after its last line was written, so lines that are missing at its end cannot be detected.";
  if (found.ok) {
    void vscode.window.showInformationMessage(
      `${name} is as it was written (${found.events} events, ${found.blobs} stored contents).${open}`,
    );
    return;
  }
  const [first] = found.findings;
  const show = "Show Findings";
  const place = first?.line === undefined ? "" : `line ${first.line}: `;
  const more = found.findings.length > 1 ? ` And ${found.findings.length - 1} more.` : "";
  const answer = await vscode.window.showWarningMessage(
    `${name} is not as it was written. ${place}${first?.message ?? ""}${more}`,
    show,
  );
  if (answer !== show) return;
  const lines = found.findings.map(
    ({ line, message }) => `- ${line === undefined ? "" : `Line ${line}: `}${message}`,
  );
  await reports.show(
    "findings.md",
    [`# ${session.id}`, "", ...lines, ...(open === "" ? [] : ["", open.trim()]), ""].join("\n"),
  );
}

async function forkAt(parts: HistoryParts, target: unknown): Promise<void> {
  const { sessions, conductor } = parts;
  if (!(await mayRun())) return;
  const session = await pickSession(sessions, target, "Which session should be forked?");
  if (session === undefined) return;
  const made = await fork(parts, await sessions.openAt(session.path));
  if (made !== undefined) await conductor.reveal({ focus: false });
}

async function compare({ sessions, reports }: HistoryParts, target: unknown): Promise<void> {
  const first = await pickSession(sessions, target, "Compare which session?");
  if (first === undefined) return;
  const pair = await pickPair(sessions, first);
  if (pair === undefined) return;
  const { rows } = pair;
  const items = [
    { label: "$(diff-multiple) All Steps", description: `${pair.left.id} ↔ ${pair.right.id}`, rows },
    ...rows.map((row) => ({
      label: `${differencesOf(row) === "same" ? "$(check)" : "$(diff)"} ${row.key}`,
      description: differencesOf(row),
      detail: [row.left, row.right].map(factsText).join("  ↔  "),
      rows: [row],
    })),
  ];
  const picked = await vscode.window.showQuickPick(items, {
    title: `${pair.left.name} ↔ ${pair.right.name}`,
    placeHolder: `${pair.damage}Show which step side by side?`,
    ignoreFocusOut: true,
    matchOnDescription: true,
  });
  if (picked !== undefined) await showPair(reports, pair, picked.rows);
}

interface FormatItem extends vscode.QuickPickItem {
  readonly format: ExportFormat;
  readonly contents: boolean;
  readonly ending: string;
}

const formats: readonly FormatItem[] = [
  {
    label: "Web page",
    detail: "One file that shows the whole session, contents included, without a network and without scripts",
    format: "html",
    contents: true,
    ending: "html",
  },
  {
    label: "Events",
    description: "NDJSON",
    detail: "One JSON object per line, without the texts of prompts, replies and files",
    format: "ndjson",
    contents: false,
    ending: "ndjson",
  },
  {
    label: "Events with contents",
    description: "NDJSON",
    detail: "The same with the texts, which may be private",
    format: "ndjson",
    contents: true,
    ending: "ndjson",
  },
  {
    label: "OpenTelemetry trace",
    description: "OTLP/JSON",
    detail: "By the GenAI conventions, as a collector takes it at /v1/traces",
    format: "otlp",
    contents: false,
    ending: "otlp.json",
  },
  {
    label: "OpenTelemetry trace with contents",
    description: "OTLP/JSON",
    detail: "The same with the texts, which may be private",
    format: "otlp",
    contents: true,
    ending: "otlp.json",
  },
];

async function exportSession(sessions: SessionRegistry, target: unknown): Promise<void> {
  const session = await pickSession(sessions, target, "Which session should be exported?");
  if (session === undefined) return;
  const chosen = await vscode.window.showQuickPick(formats, {
    title: `Export ${nameOf(session)}`,
    placeHolder: "As what?",
    ignoreFocusOut: true,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (chosen === undefined) return;
  const standard = path.join(workDomainOf(session), `${session.id}.${chosen.ending}`);
  const file = await vscode.window.showSaveDialog({
    title: "Export Session",
    defaultUri: vscode.Uri.file(standard),
  });
  if (file === undefined) return;
  const problem = await withProgress(`Exporting ${nameOf(session)}`, async () => {
    const seen = await (await openSnapshot(session.path)).checked();
    await writeExport(file.fsPath, exportPieces(seen, chosen));
    return seen.problem;
  });
  const cut = problem === undefined ? "" : ` ${problem.message} What comes before it was exported.`;
  const open = chosen.format === "html" ? "Open in Browser" : "Open";
  const answer = await vscode.window.showInformationMessage(
    `Wrote ${path.basename(file.fsPath)}.${cut}`,
    open,
  );
  if (answer !== open) return;
  if (chosen.format === "html") await vscode.env.openExternal(file);
  else await vscode.window.showTextDocument(file);
}
