/** The page's only style sheet: light and dark by the reader's setting, one column on a narrow screen, printable. */
export const pageStyle = `
:root { color-scheme: light dark; --page: #f5f6f8; --card: #ffffff; --text: #1c2128; --soft: #57606a; --line: #d8dee4;
  --pass: #116329; --pass-soft: #dafbe1; --fail: #a40e26; --fail-soft: #ffebe9; --inconclusive: #7d4e00;
  --inconclusive-soft: #fff8c5; --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
@media (prefers-color-scheme: dark) { :root { --page: #0d1117; --card: #161b22; --text: #e6edf3; --soft: #9da7b3;
  --line: #30363d; --pass: #56d364; --pass-soft: #12261e; --fail: #ff7b72; --fail-soft: #2d1416;
  --inconclusive: #e3b341; --inconclusive-soft: #272115; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 1060px; margin: 0 auto; padding: 24px 16px 64px; }
h1, h2, h3 { line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-bottom: 12px; } h3 { font-size: 1rem; }
p { margin: 8px 0; overflow-wrap: anywhere; } ul { margin: 8px 0; padding-left: 20px; } li { overflow-wrap: anywhere; }
code, pre { font-family: var(--mono); font-size: 0.85em; } code { overflow-wrap: anywhere; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 20px; margin: 16px 0; }
.verdict { border-left: 8px solid var(--tone); background: var(--tone-soft); }
.verdict .headline { font-size: 1.1rem; margin: 10px 0 0; }
.tone-pass { --tone: var(--pass); --tone-soft: var(--pass-soft); }
.tone-fail { --tone: var(--fail); --tone-soft: var(--fail-soft); }
.tone-inconclusive { --tone: var(--inconclusive); --tone-soft: var(--inconclusive-soft); }
.tone-quiet { --tone: var(--soft); --tone-soft: transparent; }
.badge { display: inline-block; background: var(--tone); color: var(--card); font-weight: 700; letter-spacing: 0.03em;
  padding: 1px 10px; border-radius: 6px; margin-right: 8px; }
.word { color: var(--tone); font-weight: 700; white-space: nowrap; }
.warning { border-left: 4px solid var(--inconclusive); padding-left: 12px; }
.soft { color: var(--soft); font-size: 0.9rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.93rem; }
th, td { text-align: left; overflow-wrap: anywhere; padding: 8px 10px; border-bottom: 1px solid var(--line); vertical-align: middle; }
tbody th { min-width: 9.5em; } thead th { color: var(--soft); font-weight: 600; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.chart { display: block; max-width: 100%; color: var(--tone); } .chart .zero { stroke: var(--soft); stroke-width: 1; }
.chart .bound { stroke: var(--fail); stroke-width: 1.5; stroke-dasharray: 4 3; }
.chart .range { stroke: currentColor; stroke-width: 5; stroke-linecap: round; opacity: 0.45; }
.chart .point { fill: currentColor; }
.change { border-top: 1px solid var(--line); padding: 14px 0; }
.change:first-of-type { border-top: 0; padding-top: 0; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; }
.pair figure { margin: 0; min-width: 0; } .pair figcaption { color: var(--soft); font-size: 0.85rem; margin-bottom: 2px; }
pre { margin: 0; padding: 10px 12px; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 22em; overflow-y: auto;
  background: var(--page); border: 1px solid var(--line); border-radius: 6px; }
del { background: var(--fail-soft); color: var(--fail); } ins { background: var(--pass-soft); color: var(--pass); }
del, ins { text-decoration-thickness: 1px; border-radius: 3px; }
details { border-top: 1px solid var(--line); padding: 10px 0; } details:first-of-type { border-top: 0; }
summary { cursor: pointer; font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin: 10px 0 0; font-size: 0.9rem; }
dt { color: var(--soft); } dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
:focus-visible { outline: 3px solid currentColor; outline-offset: 2px; }
@media (max-width: 680px) { main { padding: 12px 10px 40px; } .card { padding: 14px; } .pair { grid-template-columns: 1fr; }
  dl { grid-template-columns: 1fr; } dd { margin-bottom: 6px; }
  table, tbody, tr, th, td { display: block; } thead { display: none; } tr { border-bottom: 1px solid var(--line); padding: 10px 0; }
  th, td { border: 0; padding: 2px 0; } td { display: flex; gap: 12px; text-align: left; white-space: normal; }
  td.number { text-align: left; } td::before { text-align: left; content: attr(data-heading); color: var(--soft); flex: 0 0 6.5em; } }
@media print { body { background: none; } pre { max-height: none; } }
`;
