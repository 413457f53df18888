/**
 * A view as HTML: as a whole document, which is complete without its script, and
 * in the parts that the script fetches to bring an open page up to date.
 *
 * @module
 */
import { Html, markup, utf8 } from "./html.ts";
import { renderOverview } from "./overview.ts";
import { pageScript } from "./page_script.ts";
import { STYLE } from "./style.ts";
import type { MainPart } from "./table.ts";
import { renderTorrent } from "./torrent_page.ts";
import type { PageSources } from "./tracker_snapshot.ts";
import { formatDuration } from "./units.ts";
import { hiddenParameters, PAGE_LENGTH, type PageView } from "./view.ts";

/** Time between reloads of a page without a script, in seconds. */
const REFRESH_SECONDS = 5;

/** The page's script: the function's source and its call. */
export const SCRIPT = `"use strict";\n(${pageScript})(window);\n`;

/** Hosts that share pieces: the page's logo and the icon of its tab. */
const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="none" stroke="#2b6fd6" stroke-width="2.4" d="M9 9l14 2M9 9l3 14M23 11L12 23M23 11l2 12M12 23h13"/><g fill="#178a55"><circle cx="9" cy="9" r="5"/><circle cx="23" cy="11" r="4"/><circle cx="12" cy="23" r="4"/></g><circle cx="25" cy="23" r="3.4" fill="#2b6fd6"/></svg>';

/** A view, and of which snapshot it is. */
export interface RenderedView extends MainPart {
  readonly version: number;
  readonly torrentCount: number;
}

/** Writes everything of a view that can change while it is open. */
export function renderView(view: PageView, sources: PageSources): RenderedView {
  const main = view.infoHash === undefined
    ? renderOverview(view, sources)
    : renderTorrent(view.infoHash, view, sources);
  const { version, torrents } = sources.snapshot;
  return {
    ...main,
    version,
    torrentCount: torrents.length,
    before: markup`${
      renderHeader(view, sources)
    }<main id="view">${main.before}`,
    after: markup`${main.after}</main>`,
  };
}

/** Compares two versions of a view, as a reader sees them. */
export function looksSame(one: RenderedView, other: RenderedView): boolean {
  return one.title === other.title && bodyOf(one).text === bodyOf(other).text;
}

function bodyOf({ before, rows, after }: RenderedView): Html {
  return markup`${before}${rows}${after}`;
}

export function renderDocument(view: RenderedView): string {
  return markup`<!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <noscript><meta http-equiv="refresh" content="${REFRESH_SECONDS}"></noscript>
    <link rel="icon" href="data:image/svg+xml,${encodeURIComponent(LOGO)}">
    <title>${view.title}</title>
    <style>${new Html(STYLE)}</style>
    </head>
    <body>
    ${bodyOf(view)}
    <footer><a href="/stats.json">as JSON</a><a href="/metrics">for Prometheus</a></footer>
    <script>${new Html(SCRIPT)}</script>
    </body>
    </html>`.text;
}

/**
 * Writes a part of a view: page 0 is all of it with the first rows, each further
 * page is a table of the rows that follow.
 */
export function renderPage(
  { title, before, rows, after }: RenderedView,
  page: number,
): string {
  const start = page * PAGE_LENGTH;
  const shown = rows.slice(start, start + PAGE_LENGTH);
  return page === 0
    ? markup`<title>${title}</title>${before}${shown}${after}`.text
    : markup`<table>${shown}</table>`.text;
}

function renderHeader(view: PageView, sources: PageSources): Html {
  const hasTorrents = view.infoHash === undefined &&
    sources.overview === undefined;
  const label = hasTorrents ? "Search torrents" : "Search hosts";
  const hidden = hiddenParameters(view).map(([name, value]) =>
    markup`<input type="hidden" name="${name}" value="${value}">`
  );
  const seconds = (sources.nowMs - sources.startedAtMs) / 1000;
  // Whole minutes after the first, so that the view changes rarely.
  const shown = seconds < 60 ? seconds : Math.floor(seconds / 60) * 60;
  const uptime = formatDuration(shown).replace(/ 0 s$/, "");
  return markup`<header id="top" class="top">
    <h1><a href="/">${new Html(LOGO)}lanswarm tracker</a></h1>
    <p id="live" role="status" data-own></p>
    <p>up ${uptime}</p>
    <form role="search" action="/">${hidden}
    <input type="search" name="q" value="${view.search}" placeholder="${label}" aria-label="${label}" maxlength="100" autocomplete="off">
    </form></header>`;
}

/**
 * Headers that keep the page what it is: nothing is loaded from elsewhere, no
 * script runs but ours, and no other page frames it.
 */
export async function securityHeaders(): Promise<Record<string, string>> {
  return {
    "content-security-policy": [
      "default-src 'none'",
      `script-src ${await hashSource(SCRIPT)}`,
      `style-src ${await hashSource(STYLE)}`,
      "img-src data:",
      "connect-src 'self'",
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join("; "),
    // For browsers that do not know `frame-ancestors`.
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
  };
}

/** An inline text's name in a policy. [CSP 3, 2.3.1] */
async function hashSource(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", utf8(text));
  return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(hash)))}'`;
}
