/** The parts of a panel's page; plain data, so that the page works in a browser as well as in the editor. */
export interface PageParts {
  readonly title: string;
  /** Markup of the body, without data. */
  readonly body: string;
  /** Facts for the script, as data attributes of the body. */
  readonly data?: Readonly<Record<string, string>>;
  /** Addresses of the style sheets and of the script. */
  readonly styles: readonly string[];
  readonly script: string;
  /** The source of the files, as a Content-Security-Policy names it. */
  readonly source: string;
  readonly nonce: string;
}

export function escaped(text: string): string {
  const names: Readonly<Record<string, string>> = {
    "&": "amp",
    "<": "lt",
    ">": "gt",
    '"': "quot",
    "'": "#39",
  };
  return text.replace(/[&<>"']/g, (character) => `&${names[character] ?? ""};`);
}

/**
 * A page that runs one bundle and nothing else: no inline script or style, no network, no markup from data. What the
 * script imports runs under the script's own nonce (HTML, "descendant script fetch options").
 */
export function pageHtml({ title, body, data = {}, styles, script, source, nonce }: PageParts): string {
  const policy = [
    "default-src 'none'",
    `style-src ${source} 'nonce-${nonce}'`,
    `font-src ${source}`,
    `script-src 'nonce-${nonce}'`,
  ].join("; ");
  const facts = Object.entries(data).map(([key, value]) => ` data-${key}="${escaped(value)}"`);
  const sheets = styles.map((href) => `<link rel="stylesheet" href="${escaped(href)}">`);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta property="csp-nonce" content="${escaped(nonce)}">
<title>${escaped(title)}</title>
${sheets.join("\n")}
</head>
<body${facts.join("")}>
${body}
<script type="module" nonce="${escaped(nonce)}" src="${escaped(script)}"></script>
</body>
</html>`;
}

/** The bodies of the panels, by the name of their bundle. */
export const pageBodies = {
  conductor:
    '<main id="app"></main>\n<div id="live" class="visually-hidden" role="status" aria-live="polite"></div>',
  session: `<header id="toolbar"></header>
<main id="panes">
<div id="transcript" class="view" role="tabpanel" aria-labelledby="tab-transcript" hidden>
<div id="transcript-pager"></div>
<div id="transcript-list" role="feed" tabindex="0" aria-label="Transcript"></div>
<p id="transcript-empty" class="empty" role="status"></p>
</div>
<div id="events" class="view" role="tabpanel" aria-labelledby="tab-events" hidden>
<div id="list-pane">
<div id="pager"></div>
<div id="list-frame">
<div id="list" role="listbox" tabindex="0" aria-label="Events"><div id="canvas" role="presentation"></div></div>
<p id="empty" class="empty" role="status"></p>
</div>
</div>
<aside id="details" aria-label="Event"></aside>
</div>
<div id="timeline" class="view page" role="tabpanel" aria-labelledby="tab-timeline" hidden></div>
<div id="usage" class="view page" role="tabpanel" aria-labelledby="tab-usage" hidden></div>
<div id="compare" class="view page" role="tabpanel" aria-labelledby="tab-compare" hidden></div>
</main>`,
  flow: '<main id="app"></main>',
} as const;
