/**
 * The page's style sheet. Every colour has a name and two values, for light and
 * dark screens; a state (`done`, `fetching`, …) has the same colour everywhere.
 *
 * @module
 */
import { HOST_STATES } from "./host.ts";

const STATES = HOST_STATES
  .map((state) => `.${state} { --state: var(--${state}); }`).join("\n");

/** The cells of the map, by tenths of progress. */
const FILLS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
  .map((tenths) => `.fill${tenths} { --fill: ${tenths * 10}%; }`).join("\n");

export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f4f6f8; --card: #fff; --text: #18222d; --faint: #5b6876;
  --line: #e3e8ed; --hover: #f7f9fb; --link: #1d5fbf; --track: #e6eaef;
  --done: #178a55; --fetching: #2b6fd6; --waiting: #9a6700; --silent: #6b7683;
  --stuck: #c93a2b; --tint: 12%;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1419; --card: #171e26; --text: #e4eaf0; --faint: #93a1b0;
    --line: #26303b; --hover: #1c2530; --link: #7db4ff; --track: #2a3541;
    --done: #3fc98a; --fetching: #6aa8ff; --waiting: #e0a83c; --silent: #97a3b0;
    --stuck: #ff7b6b; --tint: 20%;
  }
}
${STATES}
* { box-sizing: border-box; margin: 0; }
html { -webkit-text-size-adjust: 100%; }
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
body {
  background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  font-variant-numeric: tabular-nums;
}
.top, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 4px; }
.faint, .none, small, dt, .note, .top p, summary, .after, footer { color: var(--faint); }
.top p, dt, .back, .join, details, footer, .totals dd.note, .wide progress + span { font-size: .87rem; }
.hash, code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .87em; }

.top { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; padding-top: 1.25rem; padding-bottom: 1.25rem; }
h1 { font-size: 1.15rem; letter-spacing: -.01em; }
h1 a { color: inherit; display: flex; align-items: center; gap: .55rem; }
h1 svg { width: 1.6rem; height: 1.6rem; }
#live::before { content: ""; display: inline-block; width: .5rem; height: .5rem; margin-right: .4rem; border-radius: 50%; background: var(--done); }
#live.off::before { background: var(--stuck); }
#live:empty { display: none; }
form { margin-left: auto; flex: 0 1 17rem; }
input[type=search] { width: 100%; padding: .45rem .8rem; font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }

.card { background: var(--card); border: 1px solid var(--line); border-radius: .8rem; margin-bottom: 1rem; overflow-x: auto; }
.totals { display: grid; grid-template-columns: repeat(5, 1fr); }
.totals > div { padding: 1rem 1.25rem; border-left: 1px solid var(--line); min-width: 0; }
.totals > div:first-child { border-left: 0; }
dt::before { content: ""; display: inline-block; width: .6rem; height: .6rem; margin-right: .4rem; border-radius: .2rem; background: var(--state); }
.plain dt::before { display: none; }
.totals dd { line-height: 1.25; white-space: nowrap; }
.totals dd:not(.note) { font-size: 1.75rem; font-weight: 600; letter-spacing: -.02em; }
.totals dd.note { height: 1.3rem; }

.spark { display: block; width: 100%; height: 1.2rem; }
.spark .line { fill: none; stroke: var(--fetching); stroke-width: 1.5; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.spark .area { fill: var(--fetching); opacity: .13; }

table { width: 100%; border-collapse: collapse; }
th, td { padding: .6rem .6rem; text-align: left; vertical-align: middle; font-weight: 400; }
th:first-child, td:first-child { padding-left: 1.25rem; }
th:last-child, td:last-child { padding-right: 1.25rem; }
.number { text-align: right; white-space: nowrap; }
thead th { font-size: .8rem; color: var(--faint); white-space: nowrap; border-bottom: 1px solid var(--line); }
thead a { color: inherit; }
[aria-sort] a { color: var(--text); font-weight: 600; }
[aria-sort=ascending] a::after { content: " ↑"; }
[aria-sort=descending] a::after { content: " ↓"; }
tbody tr + tr > * { border-top: 1px solid var(--line); }
tbody tr:hover { background: var(--hover); }
tbody tr:target { background: color-mix(in srgb, var(--fetching) var(--tint), transparent); }
table:has(tbody:empty) { display: none; }
tbody th { max-width: 22rem; overflow-wrap: anywhere; }
.name { font-weight: 600; }
.name.hash { display: block; max-width: 15rem; font-weight: 400; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.wide { white-space: nowrap; }
.wide progress + span { display: inline-block; min-width: 2.8rem; margin-left: .6rem; }
.speed .spark { width: 5rem; height: 1rem; margin: 0 0 .15rem auto; }
td[data-label="Time left"] { white-space: normal; }
#torrents td[data-label="Time left"] { width: 11rem; }
td[data-label="Time left"] span { display: block; white-space: nowrap; }
td[data-label="Time left"] .badge { margin: .1rem 0 .1rem .3rem; }
.address { display: block; white-space: nowrap; }

progress { appearance: none; display: inline-block; width: 7rem; height: .45rem; border: 0; border-radius: 1rem; overflow: hidden; background: var(--track); vertical-align: middle; }
progress::-webkit-progress-bar { background: transparent; }
progress.share { --state: var(--done); background: color-mix(in srgb, var(--fetching) 22%, transparent); }
progress::-webkit-progress-value { background: var(--state); border-radius: 1rem; }
progress::-moz-progress-bar { background: var(--state); border-radius: 1rem; }

.badge { display: inline-block; padding: .05rem .5rem; border-radius: 1rem; font-size: .8rem; font-weight: 600; color: var(--state); background: color-mix(in srgb, var(--state) var(--tint), transparent); white-space: nowrap; }

.torrent { display: flex; flex-wrap: wrap; align-items: end; gap: .75rem 2rem; padding: 1.1rem 1.25rem; }
.torrent > div { flex: 1 1 20rem; min-width: 0; }
.torrent > .spark { flex: 0 1 14rem; height: 2.6rem; }
h2 { font-size: 1.35rem; line-height: 1.3; letter-spacing: -.015em; overflow-wrap: anywhere; }
h2.hash { font-size: 1.05rem; }
p.hash { overflow-wrap: anywhere; }
.facts span { white-space: nowrap; }
.back { display: inline-block; margin-bottom: .6rem; }
.swarm { padding: 1.1rem 1.25rem; }
.swarm progress { display: block; width: 100%; height: .7rem; margin-top: .7rem; }
.headline { display: flex; flex-wrap: wrap; align-items: center; gap: .3rem .9rem; }
.headline > strong { font-size: 1.15rem; }
.after:empty, .torrent:empty { display: none; }

.map { list-style: none; display: grid; grid-template-columns: repeat(auto-fill, minmax(3.1rem, 1fr)); gap: .35rem; padding: 0 1.25rem 1.1rem; }
${FILLS}
.map a {
  display: block; padding: .3rem 0; border-radius: .4rem; text-align: center; font-size: .8rem; color: var(--text);
  border: 1px solid color-mix(in srgb, var(--state) 45%, transparent);
  background: linear-gradient(to right, color-mix(in srgb, var(--state) 30%, transparent) var(--fill), transparent var(--fill));
}
.map .stuck a, .map .silent a { border-color: var(--state); border-width: 2px; padding: calc(.3rem - 1px) 0; }
.map .waiting a { border-color: var(--state); border-style: dashed; }
.map a:hover { text-decoration: none; border-color: var(--state); }
.swarm + table, .map + table { border-top: 1px solid var(--line); }

.light, .legend span { color: var(--state); }
.light { font-weight: 600; margin-top: .8rem; }
.light::before, .legend span::before { content: ""; display: inline-block; width: .85rem; height: .85rem; margin-right: .5rem; border-radius: 50%; background: var(--state); vertical-align: -.08rem; }
.light::before { box-shadow: 0 0 0 .2rem color-mix(in srgb, var(--state) 25%, transparent); }
h3 { font-size: 1.05rem; margin-top: 1rem; overflow-wrap: anywhere; }
.pieces { display: block; width: 100%; height: .9rem; margin-top: .7rem; border-radius: .3rem; }
.pieces path { fill: var(--state); }
.legend { font-size: .8rem; margin-top: .3rem; }
.legend span { margin-left: .7rem; }
.legend span::before { width: .6rem; height: .6rem; margin-right: .3rem; border-radius: .15rem; }
.reason { max-width: 26rem; overflow-wrap: anywhere; }

.shares dl { display: grid; grid-template-columns: max-content 1fr; align-items: center; gap: .4rem 1rem; margin-top: .9rem; }
.shares dt::before { display: none; }
.shares > div { flex-basis: 26rem; }
.shares figure { text-align: center; }
.shares figcaption { color: var(--faint); font-size: .8rem; }
.shares .files { flex: 1 1 100%; }
.qr { display: block; width: 9rem; height: 9rem; border-radius: .5rem; }
.files ul { list-style: none; padding: 0; max-height: 22rem; overflow-y: auto; }
.files li { padding: .25rem 0; overflow-wrap: anywhere; }
.command { display: flex; align-items: center; gap: .5rem; max-width: 100%; }
.command code { padding: .2rem .5rem; border-radius: .4rem; background: var(--page); border: 1px solid var(--line); overflow-wrap: anywhere; user-select: all; }
button { font: inherit; font-size: .8rem; padding: .15rem .6rem; color: var(--text); background: var(--card); border: 1px solid var(--line); border-radius: .4rem; cursor: pointer; }
.js [data-copy] { display: inline-block; }
.join { display: flex; flex-wrap: wrap; align-items: center; gap: .3rem .5rem; margin-top: .5rem; }
summary { cursor: pointer; width: max-content; }
details[open] { padding-bottom: .3rem; }
details p { margin-top: .3rem; }
.after { padding: 1rem 1.25rem; text-align: center; }
table + .after { border-top: 1px solid var(--line); }
table:has(tbody:empty) + .after { padding: 3rem 1.25rem; border-top: 0; }
footer { padding-top: .25rem; padding-bottom: 2rem; display: flex; flex-wrap: wrap; gap: .25rem 1rem; }

@media (max-width: 48rem) {
  .totals { grid-template-columns: repeat(6, 1fr); }
  .totals > div { grid-column: span 2; padding: .8rem 1rem; border-top: 1px solid var(--line); }
  .totals > div:nth-child(-n+2) { grid-column: span 3; border-top: 0; }
  .totals > div:nth-child(3) { border-left: 0; }
  .totals dd:not(.note) { font-size: 1.4rem; }
}
@media (max-width: 70rem) {
  table, tbody { display: block; }
  thead { display: block; padding: .6rem 1rem; border-bottom: 1px solid var(--line); }
  thead tr { display: flex; flex-wrap: wrap; gap: .1rem .9rem; font-size: .8rem; color: var(--faint); }
  thead tr::before { content: "Sort by"; }
  thead th, thead th:first-child, thead th:last-child { padding: 0; border: 0; }
  thead th:not(:has(a)) { display: none; }
  thead a { color: var(--link); }
  tbody tr { display: flex; flex-wrap: wrap; align-items: center; gap: .15rem .9rem; padding: .7rem 1rem; }
  tbody tr + tr { border-top: 1px solid var(--line); }
  tbody tr > *, tbody tr + tr > *, tbody tr > :first-child, tbody tr > :last-child { padding: 0; border: 0; text-align: left; }
  tbody th { flex: 1 1 55%; max-width: 100%; order: 1; }
  td { order: 4; font-size: .87rem; color: var(--faint); }
  #torrents td[data-label="Time left"] { width: auto; }
  tbody tr > td[data-label="Time left"] { order: 2; margin-left: auto; text-align: right; color: inherit; }
  td.wide { order: 3; flex: 1 1 100%; display: flex; align-items: center; min-width: 0; }
  td.wide progress { flex: 1; }
  td.wide progress + span { text-align: right; }
  .none, td:has(> .none) { display: none; }
  tbody tr > td[data-label="State"] { order: 2; margin-left: auto; color: inherit; }
  td.reason { order: 5; flex: 1 1 100%; max-width: 100%; }
  td:is([data-label=Receives], [data-label=Sends])::before { content: attr(data-label) " "; text-transform: lowercase; }
  td:is([data-label=Seeders], [data-label=Leechers], [data-label=Completed])::before { content: attr(data-label) " "; text-transform: lowercase; }
  .speed { display: flex; align-items: center; }
  .speed .spark { width: 4rem; margin: 0 .5rem 0 0; }
  td[data-label="Last announce"] { margin-left: auto; }
  .address { display: inline-block; margin-right: .5rem; white-space: normal; }
}
@media (max-width: 30rem) {
  .shares dl { grid-template-columns: 1fr; gap: .1rem; }
  .shares dd { margin-bottom: .4rem; }
  .shares figure { display: none; }
  .top, main, footer { padding-left: .75rem; padding-right: .75rem; }
  form { flex-basis: 100%; }
  .totals > div:nth-child(n) { grid-column: span 3; }
  .totals > div:nth-child(3) { grid-column: span 6; display: grid; grid-template-columns: auto 1fr; column-gap: 1rem; align-items: center; }
  .totals > div:nth-child(3) dt { grid-column: span 2; }
  .totals > div:nth-child(4) { border-left: 0; }
  .map { grid-template-columns: repeat(auto-fill, minmax(2.6rem, 1fr)); padding: 0 1rem 1rem; }
  .torrent, .swarm { padding-left: 1rem; padding-right: 1rem; }
  .torrent > .spark { flex-basis: 100%; }
  p.hash { font-size: .72rem; }
}
`;
