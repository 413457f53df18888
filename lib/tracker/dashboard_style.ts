/**
 * The style sheet of the tracker's page. It has no rules of its own for dark
 * screens: every colour is a pair, chosen by the system's scheme.
 *
 * @module
 */

/** CSS, complete. */
export const DASHBOARD_STYLE = `
:root {
  --page: #f6f7f9; --card: #fff; --text: #16202c; --faint: #5a6675;
  --line: #dde2e8; --seeders: #1a8754; --leechers: #d98b1f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10151b; --card: #19212a; --text: #e8edf2; --faint: #9aa7b5;
    --line: #2a3541; --seeders: #3ecb88; --leechers: #e6a847;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums;
}
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem; }
header {
  display: flex; flex-wrap: wrap; align-items: baseline;
  justify-content: space-between; gap: 0 1rem;
}
h1 { margin: 0; font-size: 1.4rem; }
header p, footer, .empty { margin: 0; color: var(--faint); }
a { color: inherit; }
.totals {
  display: grid; gap: .75rem; margin: 1.25rem 0;
  grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr));
}
.totals div, table, .empty {
  background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
}
.totals div { padding: .75rem 1rem; }
dt { color: var(--faint); font-size: .85rem; }
dd { margin: 0; font-size: 1.7rem; font-weight: 600; line-height: 1.2; }
.empty { padding: 2rem 1rem; text-align: center; }
table { width: 100%; border-spacing: 0; }
th, td { padding: .6rem 1rem; text-align: right; }
th:first-child { text-align: left; }
thead th { color: var(--faint); font-size: .85rem; font-weight: 500; }
tbody th, tbody td { border-top: 1px solid var(--line); font-weight: 400; }
code { font-size: .85rem; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: .3rem; margin-top: .35rem; border-radius: .15rem; }
.seeders { fill: var(--seeders); }
.leechers { fill: var(--leechers); }
footer { margin-top: 1.25rem; font-size: .85rem; }
@media (max-width: 40rem) {
  thead { display: none; }
  tbody tr { display: flex; flex-wrap: wrap; border-top: 1px solid var(--line); padding: .6rem 1rem; }
  tbody tr:first-child { border-top: 0; }
  tbody th, tbody td { border: 0; padding: 0; }
  tbody th { width: 100%; margin-bottom: .35rem; }
  tbody td { flex: 1; text-align: left; font-size: .85rem; }
  tbody td::after { content: " " attr(data-label); color: var(--faint); }
}
`;
