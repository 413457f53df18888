/**
 * The page as a whole: what stays the same around the parts that live. It is
 * complete without its script, which only keeps it up to date.
 *
 * @module
 */
import { type Content, markupOfRows } from "./content.ts";
import { HOST_COLUMNS } from "./host_table.ts";
import { type Html, markup, ownMarkup } from "./html.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";
import { renderTableHead } from "./table_head.ts";
import { TORRENT_COLUMNS } from "./torrent_table.ts";
import { hiddenParameters, type PageView, viewAddress } from "./view.ts";

/** Time after which the page reloads itself where no script keeps it up to date, in seconds. */
const REFRESH_SECONDS = 5;

/** Hosts that share pieces: the page's sign, and the icon of its tab. */
const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="none" stroke="#2b6fd6" stroke-width="2.4" d="M9 9l14 2M9 9l3 14M23 11L12 23M23 11l2 12M12 23h13"/><g fill="#178a55"><circle cx="9" cy="9" r="5"/><circle cx="23" cy="11" r="4"/><circle cx="12" cy="23" r="4"/></g><circle cx="25" cy="23" r="3.4" fill="#2b6fd6"/></svg>';

/** Writes the document. */
export function renderDocument(content: Content, view: PageView): string {
  const main = view.type === "overview"
    ? renderOverview(content, view)
    : markup`<a class="back" href="/">← All torrents</a>${
      renderRegion("section", "torrent", content, "card torrent")
    }`;
  return markup`<!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <noscript><meta http-equiv="refresh" content="${REFRESH_SECONDS}"></noscript>
    <link rel="icon" href="data:image/svg+xml,${encodeURIComponent(LOGO)}">
    <title>${content.title}</title>
    <style>${ownMarkup(STYLE)}</style>
    </head>
    <body>
    <header class="top">
    <h1><a href="/">${ownMarkup(LOGO)}lanswarm tracker</a></h1>
    <p id="live" role="status"></p>
    ${renderRegion("p", "uptime", content)}
    ${renderSearch(view)}
    </header>
    <main id="view" data-layout="${content.layout}">
    ${main}
    ${renderHostSection(content, view)}
    </main>
    <footer><a href="/stats.json">as JSON</a><a href="/metrics">for Prometheus</a></footer>
    <script>${ownMarkup(SCRIPT)}</script>
    </body>
    </html>`.text;
}

function renderRegion(
  tag: "p" | "div" | "dl" | "section",
  id: string,
  { regions }: Content,
  classes = "",
): Html {
  const name = ownMarkup(tag);
  return markup`<${name} id="${id}" class="${classes}">${
    regions.get(id)
  }</${name}>`;
}

function renderSearch(view: PageView): Html {
  const what = view.type === "overview" ? "Search torrents" : "Search hosts";
  const hidden = hiddenParameters(view).map(([name, value]) =>
    markup`<input type="hidden" name="${name}" value="${value}">`
  );
  return markup`<form role="search" action="/">${hidden}
    <input type="search" name="q" value="${view.search}" placeholder="${what}" aria-label="${what}" maxlength="100" autocomplete="off">
    </form>`;
}

function renderOverview(
  content: Content,
  view: PageView & { readonly type: "overview" },
): Html {
  const head = renderTableHead({
    columns: TORRENT_COLUMNS,
    order: view.order,
    addressOf: (order) => viewAddress({ ...view, order }),
  });
  return markup`${renderRegion("dl", "totals", content, "card totals")}
<section class="card">
<table>${head}<tbody id="torrents">${
    markupOfRows(content.tables.get("torrents"))
  }</tbody></table>
${renderRegion("p", "torrents-note", content, "after")}
</section>`;
}

/** The hosts of the torrent that the page is about, if it is about one. */
function renderHostSection(content: Content, view: PageView): Html {
  const { hostsOf, tables } = content;
  if (hostsOf === undefined) return markup``;
  const torrentView = view.type === "torrent" ? view : {
    type: "torrent" as const,
    infoHash: hostsOf,
    search: "",
    origin: view.origin,
    order: undefined,
  };
  const head = renderTableHead({
    columns: HOST_COLUMNS,
    order: torrentView.order,
    addressOf: (order) => viewAddress({ ...torrentView, order }),
  });
  return markup`<section class="card">
${renderRegion("div", "outlook", content, "outlook")}
${renderRegion("div", "map", content, "map-box")}
<table>${head}<tbody id="hosts">${
    markupOfRows(tables.get("hosts"))
  }</tbody></table>
${renderRegion("p", "hosts-note", content, "after")}
</section>`;
}
