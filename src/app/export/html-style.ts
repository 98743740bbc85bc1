/** The page's only style; its digest is in the page's Content-Security-Policy. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --ink: #1f2328; --quiet: #59636e; --paper: #ffffff; --panel: #f6f8fa; --line: #d1d9e0;
  --good: #116329; --bad: #b3261e; --warn: #7d4e00; --accent: #0b57b0;
  --added: #dafbe1; --removed: #ffe3e0; --mark: #fff1c2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e8eb; --quiet: #9aa4b0; --paper: #14171b; --panel: #1d2127; --line: #353c45;
    --good: #63c174; --bad: #ff8b80; --warn: #e0a84a; --accent: #7db5f5;
    --added: #16351f; --removed: #45201e; --mark: #4a3d10;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem 4rem;
  background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif;
}
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 2.25rem 0 .75rem; font-size: 1.15rem; }
h3 { margin: 1rem 0 .35rem; font-size: .8rem; font-weight: 600; color: var(--quiet); }
p { margin: .35rem 0; }
.quiet { color: var(--quiet); }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
code, pre, .mono { font-family: ui-monospace, "SF Mono", Consolas, "Liberation Mono", monospace; font-size: .85rem; }
pre {
  margin: 0; padding: .6rem .75rem; background: var(--panel); border-radius: 6px;
  white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext; tab-size: 4;
}
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.25rem; margin: 1.25rem 0 0; }
dl.facts dt { color: var(--quiet); }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
.mark { padding: 0 .2em; border-radius: 3px; background: var(--mark); font-size: .8em; }
details { border-top: 1px solid var(--line); }
details:last-of-type { border-bottom: 1px solid var(--line); }
summary { padding: .55rem .25rem; cursor: pointer; }
summary:hover { background: var(--panel); }
summary:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
summary .name { font-weight: 600; overflow-wrap: anywhere; }
summary .about { color: var(--quiet); }
.body { padding: 0 .25rem 1rem 1.25rem; }
.body > details { margin-top: .25rem; }
.turn { margin-top: 1rem; }
table { width: 100%; border-collapse: collapse; font-size: .85rem; }
th { text-align: left; font-weight: 600; color: var(--quiet); }
th, td { padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td { overflow-wrap: anywhere; }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.time { white-space: nowrap; font-variant-numeric: tabular-nums; color: var(--quiet); }
.diff { display: block; margin: 0; padding: .4rem 0; background: var(--panel); border-radius: 6px; overflow-x: auto; }
.diff span { display: block; padding: 0 .75rem; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext; }
.diff .mark { display: inline; padding: 0 .2em; }
.diff .plus { background: var(--added); } .diff .minus { background: var(--removed); }
.diff .hunk { color: var(--quiet); }
footer { margin-top: 3rem; color: var(--quiet); font-size: .85rem; }
@media (max-width: 40rem) {
  dl.facts { grid-template-columns: 1fr; gap: 0; }
  dl.facts dd { margin-bottom: .5rem; }
}
@media print {
  :root {
    --ink: #000; --quiet: #444; --paper: #fff; --panel: #f4f4f4; --line: #bbb;
    --good: #0b5020; --bad: #8a1a13; --warn: #5c3a00; --added: #e4f7e8; --removed: #fbe5e3; --mark: #f6ecc8;
  }
  body { max-width: none; padding: 0; font-size: 10pt; }
  details::details-content { content-visibility: visible; height: auto; }
  summary { list-style: none; break-after: avoid; }
  h2, h3 { break-after: avoid; }
  tr { break-inside: avoid; }
}
`;
