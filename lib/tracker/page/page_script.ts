/**
 * The page's script, as a function that is sent to the browser as it stands: its
 * own source, so that there is nothing to build. It may therefore name nothing
 * outside of itself but what every browser has.
 *
 * It keeps the page up to date: the tracker sends the rows and regions that have
 * changed, and they are put in place of the old ones. Searching and sorting ask
 * the tracker too, which knows more torrents than are shown.
 *
 * @module
 */
import type { PageElement, PageEventSource, PageWindow } from "./browser.ts";
import type { Changes, TableChanges } from "./changes.ts";

/** Runs in the browser, once, when the document is there. */
export function pageScript(window: PageWindow): void {
  const { document, location, history } = window;
  /** Time until the next attempt where the tracker takes no more listeners or is gone. */
  const RETRY_MS = 5_000;
  /** Time that a search waits for the next letter. */
  const TYPING_MS = 200;
  const CLOSED = 2;

  let events: PageEventSource | undefined;
  let retryTimer: number | undefined;
  let typingTimer: number | undefined;
  /** Number of the newest load; older ones that come late are dropped. */
  let loadCount = 0;
  /** The cells of each row as the tracker wrote them: what somebody unfolds changes them. */
  let written = writtenCells();

  document.documentElement.className = "js";
  document.addEventListener("click", (event) => {
    const sortLink = event.target.closest("a[data-go]");
    const copyButton = event.target.closest("[data-copy]");
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey &&
      !event.shiftKey && !event.altKey;
    if (sortLink !== null && isPlain) {
      event.preventDefault();
      show(sortLink.href);
    } else if (copyButton !== null) {
      copy(copyButton);
    }
  });
  document.addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
  document.addEventListener("input", () => {
    window.clearTimeout(typingTimer);
    typingTimer = window.setTimeout(search, TYPING_MS);
  });
  // Nobody sees a hidden page, and browsers allow a host but six connections.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) disconnect();
    else refresh();
  });
  connect();

  function search(): void {
    window.clearTimeout(typingTimer);
    const url = new window.URL(location.href);
    const text = document.querySelectorAll("input[name=q]")[0]!.value.trim();
    if (text === "") url.searchParams.delete("q");
    else url.searchParams.set("q", text);
    if (url.href !== location.href) show(url.href);
  }

  /** Shows another view of the same page. */
  function show(url: string): void {
    history.replaceState(null, "", url);
    refresh();
  }

  /** Fetches the whole view, and listens for what changes from then on. */
  function refresh(): void {
    disconnect();
    load().then(connect, () => retry());
  }

  async function load(): Promise<void> {
    const number = ++loadCount;
    const response = await window.fetch(location.href);
    const text = await response.text();
    if (number !== loadCount) return;
    const fresh = new window.DOMParser().parseFromString(text, "text/html");
    const view = fresh.getElementById("view");
    if (view === null) throw new Error("this is not the tracker's page");
    const links = Array.from(document.querySelectorAll("a[data-go]"));
    const focused = links.findIndex((link) => link === document.activeElement);
    document.title = fresh.title;
    document.getElementById("view")!.replaceWith(view);
    written = writtenCells();
    document.querySelectorAll("a[data-go]")[focused]?.focus();
  }

  function connect(): void {
    disconnect();
    if (document.hidden) return;
    const stream = new window.EventSource(`/events${location.search}`);
    events = stream;
    stream.onopen = () => tell("on", "live");
    stream.onmessage = ({ data }) => apply(JSON.parse(data));
    stream.onerror = () => {
      // Unless it is closed the browser tries again by itself.
      if (stream.readyState === CLOSED) retry();
      else tell("off", "connection lost");
    };
  }

  function disconnect(): void {
    window.clearTimeout(retryTimer);
    events?.close();
    events = undefined;
  }

  function retry(): void {
    disconnect();
    tell("off", "not live");
    retryTimer = window.setTimeout(refresh, RETRY_MS);
  }

  function tell(state: "on" | "off", text: string): void {
    const live = document.getElementById("live")!;
    live.className = state;
    if (live.textContent !== text) live.textContent = text;
  }

  function apply({ layout, title, regions, tables }: Changes): void {
    if (document.getElementById("view")!.dataset.layout !== layout) {
      refresh();
      return;
    }
    if (document.title !== title) document.title = title;
    for (const [id, markup] of Object.entries(regions)) {
      const region = document.getElementById(id);
      if (region !== null) region.innerHTML = markup;
    }
    for (const [id, changes] of Object.entries(tables)) {
      const body = document.getElementById(id);
      if (body !== null) changeTable(body, changes);
    }
  }

  function changeTable(
    body: PageElement,
    { rows = {}, order }: TableChanges,
  ): void {
    const known = new Map<string | undefined, PageElement>();
    for (const row of Array.from(body.children)) {
      known.set(row.dataset.key, row);
    }
    for (const [key, markup] of Object.entries(rows)) {
      const template = document.createElement("template");
      template.innerHTML = markup;
      const fresh = template.content.firstElementChild!;
      const row = known.get(key);
      if (row === undefined) known.set(key, fresh);
      else changeRow(row, fresh);
      written.set(row ?? fresh, cellsOf(fresh));
    }
    if (order === undefined) return;
    order.forEach((key, index) => {
      const row = known.get(key);
      const there = body.children[index] ?? null;
      if (row !== undefined && row !== there) body.insertBefore(row, there);
    });
    for (const row of Array.from(body.children).slice(order.length)) {
      row.remove();
    }
  }

  /** Cell by cell: what did not change may be selected, focused or unfolded. */
  function changeRow(row: PageElement, fresh: PageElement): void {
    const old = written.get(row);
    cellsOf(fresh).forEach((markup, index) => {
      if (old?.[index] !== markup) row.children[index]!.innerHTML = markup;
    });
  }

  function writtenCells(): WeakMap<PageElement, string[]> {
    const rows = Array.from(document.querySelectorAll("tbody > tr"));
    return new WeakMap(rows.map((row) => [row, cellsOf(row)]));
  }

  function cellsOf(row: PageElement): string[] {
    return Array.from(row.children, (cell) => cell.innerHTML);
  }

  /** Without the clipboard's own interface, which browsers keep for encrypted pages. */
  function copy(button: PageElement): void {
    const code = button.parentElement!.querySelector("code")!;
    const range = document.createRange();
    range.selectNodeContents(code);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    const isCopied = document.execCommand("copy");
    button.textContent = isCopied ? "Copied" : "Press Ctrl+C";
    window.setTimeout(() => button.textContent = "Copy", 2_000);
  }
}
