import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { escaped, pageBodies, pageHtml } from "../../src/host/webview/page-html";
import { maxRows } from "../../src/protocol/session-panel";
import type { ConductorMessage } from "../../src/protocol/conductor";
import type { PanelMessage } from "../../src/protocol/session-panel";
import { sessionFixtures } from "./events";
import { flowFixtures } from "./flows";
import { conductorFixtures } from "./screens";

/*
 * The panels in a plain browser: the same bundles and pages that the editor loads, under the same Content-Security-
 * Policy, with a stand-in for the extension behind them. `/` lists every state; `/page` shows one.
 */

const root = path.resolve(__dirname, "../..");

export type PanelName = keyof typeof pageBodies;

interface Theme {
  /** Classes that VS Code sets on the body. */
  readonly kind: string;
  readonly vars: Readonly<Record<string, string>>;
}

/** States of both panels, by the panel's name. */
export const states: Readonly<Record<PanelName, readonly string[]>> = {
  conductor: Object.keys(conductorFixtures),
  session: Object.keys(sessionFixtures),
  flow: Object.keys(flowFixtures),
};

/** The themes' colours, as VS Code's workbench passes them to a webview. */
export async function readThemes(): Promise<Readonly<Record<string, Theme>>> {
  const text = await readFile(path.join(root, "test/panels/themes.json"), "utf8");
  return JSON.parse(text) as Readonly<Record<string, Theme>>;
}

export interface PanelServer {
  readonly url: string;
  /** The address of one state. */
  page(panel: PanelName, state: string, theme: string): string;
  close(): Promise<void>;
}

/** Serves the panels on loopback; `dist/webview` must have been built. */
export async function startPanelServer(port = 0): Promise<PanelServer> {
  const themes = await readThemes();
  const server = http.createServer((request, response) => {
    answer(new URL(request.url ?? "/", "http://localhost"), themes).then(
      ({ type, body, status = 200 }) => response.writeHead(status, { "content-type": type }).end(body),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    page: (panel, state, theme) => `${url}/page?${new URLSearchParams({ panel, state, theme })}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  readonly type: string;
  readonly body: string | Buffer;
  readonly status?: number;
}

const missing: Answer = { status: 404, type: "text/plain", body: "There is nothing here." };
const fileTypes: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".css": "text/css",
  ".ttf": "font/ttf",
  ".map": "application/json",
};

async function answer(url: URL, themes: Readonly<Record<string, Theme>>): Promise<Answer> {
  const html = "text/html; charset=utf-8";
  const named = (key: string): string => url.searchParams.get(key) ?? "";
  const theme = themes[named("theme")] ?? themes["Dark 2026"];
  if (theme === undefined) return missing;
  if (url.pathname === "/") return { type: html, body: gallery(url, Object.keys(themes)) };
  if (url.pathname === "/theme.css") return { type: "text/css", body: themeCss(theme, named("panel")) };
  if (url.pathname === "/page") {
    const panel = named("panel");
    if (panel !== "conductor" && panel !== "session" && panel !== "flow") return missing;
    const page = panelPage(panel, named("state"), named("theme"), theme, named("view"));
    return { type: html, body: page };
  }
  if (url.pathname === "/stand-in.js") {
    return { type: "text/javascript", body: standIn(named("panel"), named("state"), theme) };
  }
  const file = path.basename(url.pathname);
  const type = fileTypes[path.extname(file)];
  if (type === undefined) return missing;
  return { type, body: await readFile(path.join(root, "dist/webview", file)) };
}

function themeCss({ vars }: Theme, panel: string): string {
  const background = panel === "conductor" ? "sideBar" : "editor";
  const lines = Object.entries(vars).map(([name, value]) => `${name}: ${value};`);
  return `html { ${lines.join(" ")} --vscode-font-family: "Segoe UI", "Liberation Sans", sans-serif;
  --vscode-font-size: 13px; --vscode-editor-font-family: "Liberation Mono", monospace; --vscode-editor-font-size: 13px;
  background: var(--vscode-${background}-background); }
  body { background: transparent; }`;
}

function panelPage(panel: PanelName, state: string, themeName: string, theme: Theme, view: string): string {
  const nonce = randomBytes(18).toString("base64");
  const query = new URLSearchParams({ panel, state, theme: themeName }).toString();
  const page = pageHtml({
    title: `${panel}: ${state}`,
    body: `${pageBodies[panel]}\n<script nonce="${nonce}" src="/stand-in.js?${escaped(query)}"></script>`,
    data: { folder: "/project", session: "2026-11-22T10-15-03Z-shapes-k3f9", view },
    styles: [`/theme.css?${query}`, "/codicon.css", `/${panel}.css`],
    script: `/${panel}.js`,
    source: "'self'",
    nonce,
  });
  return page.replace("<body", `<body class="${theme.kind}"`);
}

/** The stand-in for the extension: answers the panel's requests from the fixture, and keeps them for tests. */
function standIn(panel: string, state: string, theme: Theme): string {
  const fixed = { kind: theme.kind, ...partOf(panel, state) };
  return `"use strict";
const fixed = ${JSON.stringify(fixed)};
window.requests = [];
// Screens that follow an answer, one each, a moment after it.
window.next = [];
let kept = fixed.kept;
const post = (message) => setTimeout(() => window.postMessage(message, "*"));
const rowsOf = (from, to) => Array.from({ length: Math.min(to - from, ${maxRows}) }, (_, offset) => {
  const row = fixed.rows[(from + offset) % fixed.rows.length];
  return { ...row, seq: from + offset };
});
// The fixture's entries again and again, each time at its place.
const entriesOf = (from, to) => {
  const size = fixed.rows.length;
  const found = [];
  for (let block = Math.floor(from / size); block * size < to; block += 1)
    for (const entry of fixed.entries) {
      const index = block * size + entry.index;
      if (index >= from && index < to) found.push({ ...entry, index, seq: index });
    }
  return found;
};
const choices = (text) => ["build", "build#1", "build#2", "check#1", "plan", "review#1"]
  .filter((value) => value.includes(text))
  .map((value) => ({ value, about: value === "build" ? "all 2 runs" : "coder" }));
window.acquireVsCodeApi = () => ({
  getState: () => kept,
  setState: (next) => { kept = next; },
  postMessage: (request) => {
    window.requests.push({ at: performance.now(), request });
    if (request.type === "ready" || request.type === "filter" || request.type === "ping") for (const message of fixed.first) post(message);
    if (request.type === "rows") post({ type: "rows", edition: request.edition, from: request.from, rows: rowsOf(request.from, request.to) });
    if (request.type === "transcript") post({ ...request, entries: entriesOf(request.from, request.to) });
    if (request.type === "part") post({ ...request, text: { text: "The text of " + request.id + ".\\n".repeat(3) } });
    if (request.type === "timeline") post({ type: "timeline", screen: { ...fixed.timeline, from: request.from, to: request.to } });
    if (request.type === "usage" || request.type === "compare") post({ type: request.type, screen: fixed[request.type] });
    if (request.type === "steps") post({ ...request, choices: choices(request.text), more: 0 });
    if (request.type === "details") post({ type: "details", details: { ...fixed.details, seq: request.seq } });
    if (request.request === undefined) return;
    const next = window.next.shift();
    if (next !== undefined) setTimeout(() => window.postMessage(next, "*"), 20);
    post({ type: "answered", request: request.request, ...(fixed.refusal === undefined ? {} : { problem: fixed.refusal }) });
  },
});`;
}

function partOf(panel: string, state: string): object {
  if (panel === "conductor") return conductorPart(state);
  return panel === "flow" ? { first: [{ type: "screen", screen: flowFixtures[state] }] } : sessionPart(state);
}

function conductorPart(state: string): object {
  const fixture = conductorFixtures[state];
  if (fixture === undefined) throw new Error(`no state ${state} of the conductor view`);
  const { screen, streams = {}, drafts = {}, refusal } = fixture;
  const first: ConductorMessage[] = [{ type: "screen", screen, streams }];
  if (refusal !== undefined) first.push({ type: "answered", request: 0, problem: refusal });
  return { first, kept: { drafts }, refusal };
}

function sessionPart(state: string): object {
  const fixture = sessionFixtures[state];
  if (fixture === undefined) throw new Error(`no state ${state} of the session panel`);
  const { info, streams = {} } = fixture;
  const parts = Object.entries(streams).map(([step, text]) => ({ step, text, fresh: true }));
  const first: PanelMessage[] = [
    { type: "info", info },
    { type: "stream", parts, steps: Object.keys(streams) },
  ];
  return {
    first,
    kept: fixture.view === undefined ? undefined : { view: fixture.view },
    timeline: fixture.timeline,
    usage: fixture.usage,
    compare: fixture.compare,
    rows: fixture.rows,
    entries: fixture.entries,
    details: fixture.details(3),
  };
}

function gallery(url: URL, themeNames: readonly string[]): string {
  const theme = url.searchParams.get("theme") ?? "Dark 2026";
  const width = Number(url.searchParams.get("width") ?? "300");
  const only = url.searchParams.get("only") ?? "";
  const links = [
    ...themeNames.map((name) => ({ name, query: { theme: name, width: String(width) } })),
    ...[220, 300, 420].map((value) => ({ name: `${value} px`, query: { theme, width: String(value) } })),
  ].map(({ name, query }) => `<a href="/?${new URLSearchParams(query)}">${escaped(name)}</a>`);
  const frames = (panel: PanelName, pixels: number, height: number): string =>
    states[panel]
      .filter((state) => `${panel} ${state}`.includes(only))
      .map((state) => {
        const address = `/page?${new URLSearchParams({ panel, state, theme })}`;
        return `<figure><figcaption><a href="${escaped(address)}">${panel}: ${state}</a></figcaption>
<iframe title="${panel}: ${state}" width="${pixels}" height="${height}" src="${escaped(address)}"></iframe></figure>`;
      })
      .join("\n");
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Orket's panels</title><style>
body { font: 14px sans-serif; margin: 16px; background: #777; color: #fff } a { color: #fff; margin-right: 12px }
main { display: flex; flex-wrap: wrap; gap: 16px } figure { margin: 0 } iframe { border: 0 }
</style></head><body><h1>Every state of both panels</h1><nav>${links.join(" ")}</nav><main>
${frames("conductor", width, 640)}
${frames("session", Math.max(700, width), 480)}
${frames("flow", Math.max(480, width), 860)}
</main></body></html>`;
}
