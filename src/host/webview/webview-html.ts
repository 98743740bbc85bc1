import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import { pageBodies, pageHtml } from "./page-html";
import { defined } from "../../engine/model/defined";

/** Where webviews may load files from: their own bundles, nothing else. */
function webviewRoot(extension: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extension, "dist", "webview");
}

export function webviewOptions(extension: vscode.Uri): vscode.WebviewOptions {
  return { enableScripts: true, localResourceRoots: [webviewRoot(extension)] };
}

export interface PageOptions {
  /** Name of the panel's script and style sheet. */
  readonly name: keyof typeof pageBodies;
  readonly title: string;
  /** Facts for the script, as data attributes of the body. */
  readonly data?: Readonly<Record<string, string>>;
}

/** The page of a panel, as this webview may load it. */
export function webviewHtml(webview: vscode.Webview, extension: vscode.Uri, page: PageOptions): string {
  const file = (name: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(webviewRoot(extension), name)).toString();
  return pageHtml({
    title: page.title,
    body: pageBodies[page.name],
    ...defined({ data: page.data }),
    styles: [file("codicon.css"), file(`${page.name}.css`)],
    script: file(`${page.name}.js`),
    source: webview.cspSource,
    nonce: randomBytes(18).toString("base64"),
  });
}
