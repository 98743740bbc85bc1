import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

/** Where webviews may load files from: their own bundles, nothing else. */
export function webviewRoot(extension: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extension, "dist", "webview");
}

export function webviewOptions(extension: vscode.Uri): vscode.WebviewOptions {
  return { enableScripts: true, localResourceRoots: [webviewRoot(extension)] };
}

function escaped(text: string): string {
  const names: Readonly<Record<string, string>> = {
    "&": "amp",
    "<": "lt",
    ">": "gt",
    '"': "quot",
    "'": "#39",
  };
  return text.replace(/[&<>"']/g, (character) => `&${names[character] ?? ""};`);
}

export interface PageOptions {
  /** Name of the bundle. */
  readonly name: "conductor" | "session";
  readonly title: string;
  /** Markup of the body, without data. */
  readonly body: string;
  /** Facts for the script, as data attributes of the body. */
  readonly data?: Readonly<Record<string, string>>;
}

/** A page that runs one bundle and nothing else: no inline script or style, no network, no markup from data. */
export function webviewHtml(webview: vscode.Webview, extension: vscode.Uri, page: PageOptions): string {
  const nonce = randomBytes(18).toString("base64");
  const file = (name: string): string =>
    escaped(webview.asWebviewUri(vscode.Uri.joinPath(webviewRoot(extension), name)).toString());
  const policy = [
    "default-src 'none'",
    `style-src ${webview.cspSource} 'nonce-${nonce}'`,
    `font-src ${webview.cspSource}`,
    `script-src 'nonce-${nonce}'`,
  ].join("; ");
  const data = Object.entries(page.data ?? {}).map(([key, value]) => ` data-${key}="${escaped(value)}"`);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta property="csp-nonce" content="${nonce}">
<title>${escaped(page.title)}</title>
<link rel="stylesheet" href="${file("codicon.css")}">
<link rel="stylesheet" href="${file(`${page.name}.css`)}">
</head>
<body${data.join("")}>
${page.body}
<script nonce="${nonce}" src="${file(`${page.name}.js`)}"></script>
</body>
</html>`;
}
