/**
 * The page's script: a function whose own source is sent to the browser, so there
 * is nothing to build. It may name nothing outside of itself except what every
 * browser has.
 *
 * It keeps the page up to date. The tracker's events only say that the view has
 * changed; the script then fetches the view in pages of rows and patches the
 * document, node by node: what did not change keeps its focus, selection, scroll
 * position and open details. Searching and sorting ask the tracker, which knows
 * more rows than the page shows.
 *
 * @module
 */
import type {
  PageDocument,
  PageElement,
  PageEventSource,
  PageNode,
  PageWindow,
} from "../../types/browser.d.ts";

/** Runs in the browser, once, when the document is there. */
export function pageScript(window: PageWindow): void {
  const { document, location, history } = window;
  /** Time between attempts while the tracker accepts no more streams or is gone. */
  const RETRY_MS = 5_000;
  /** Time that a search waits for the next letter. */
  const TYPING_MS = 200;
  const CLOSED = 2;

  let events: PageEventSource | undefined;
  let retryTimer: number | undefined;
  let typingTimer: number | undefined;
  /** Version of the snapshot that the page shows. */
  let shownVersion: string | null = null;
  let isLoading = false;
  /** True if the view changed since the current load began. */
  let isStale = false;

  document.documentElement.className = "js";
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-go]");
    const copyButton = event.target.closest("[data-copy]");
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey &&
      !event.shiftKey && !event.altKey;
    if (link !== null && isPlain) {
      event.preventDefault();
      show(link.href);
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
  document.addEventListener("visibilitychange", connect);
  connect();

  function search(): void {
    window.clearTimeout(typingTimer);
    const url = new window.URL(location.href);
    const text = document.querySelector("input[name=q]")!.value.trim();
    if (text === "") url.searchParams.delete("q");
    else url.searchParams.set("q", text);
    if (url.href !== location.href) show(url.href);
  }

  /** Shows another view. */
  function show(url: string): void {
    history.replaceState(null, "", url);
    connect();
  }

  /** Listens to the view's events, and fetches it as soon as no change can be missed. */
  function connect(): void {
    window.clearTimeout(retryTimer);
    events?.close();
    // Nobody sees a hidden page, and browsers allow six connections to a host.
    if (document.hidden) return;
    const stream = new window.EventSource(`/events${location.search}`);
    events = stream;
    stream.onopen = () => {
      showState("live");
      update();
    };
    stream.addEventListener("changed", ({ data }) => {
      if (data !== shownVersion) update();
    });
    stream.onerror = () => {
      if (stream.readyState !== CLOSED) {
        // The browser reconnects by itself.
        showState("connection lost");
        return;
      }
      update();
      retry();
    };
  }

  /** Connects, and so fetches the view, after a while. */
  function retry(): void {
    showState("not live");
    window.clearTimeout(retryTimer);
    retryTimer = window.setTimeout(connect, RETRY_MS);
  }

  function showState(text: string): void {
    const live = document.getElementById("live")!;
    live.className = text === "live" ? "on" : "off";
    if (live.textContent !== text) live.textContent = text;
  }

  /** Fetches the view, and once more if it changes meanwhile. */
  async function update(): Promise<void> {
    isStale = true;
    if (isLoading) return;
    isLoading = true;
    try {
      while (isStale) {
        isStale = false;
        await load();
      }
    } catch {
      // The tracker is gone, or is no longer ours.
      retry();
    } finally {
      isLoading = false;
    }
  }

  async function load(): Promise<void> {
    const query = location.search;
    const [fresh, version] = await fetchPage(query, 0);
    if (fresh.getElementById("view") === null) throw new Error("not our page");
    const body = Array.from(fresh.querySelectorAll("tbody")).at(-1)!;
    for (let page = 1; page < Number(body.dataset.pages); page++) {
      const [more] = await fetchPage(query, page);
      body.append(...Array.from(more.querySelectorAll("tr")));
    }
    // Another view is wanted by now, and will be fetched next.
    if (query !== location.search) return;
    shownVersion = version;
    document.title = fresh.title;
    const focused = document.activeElement;
    for (const element of Array.from(fresh.body.children)) {
      patch(document.getElementById(element.id)!, element);
    }
    if (focused !== document.activeElement && document.body.contains(focused)) {
      focused!.focus({ preventScroll: true });
    }
  }

  async function fetchPage(
    query: string,
    page: number,
  ): Promise<[fresh: PageDocument, version: string | null]> {
    const parameters = `${query === "" ? "?" : `${query}&`}page=${page}`;
    const response = await window.fetch(`/view${parameters}`);
    const text = await response.text();
    const fresh = new window.DOMParser().parseFromString(text, "text/html");
    return [fresh, response.headers.get("snapshot-version")];
  }

  /** Makes a node like a fresh one of the same kind. Only what differs is touched. */
  function patch(node: PageNode, fresh: PageNode): void {
    if (node.isEqualNode(fresh)) return;
    if (!isElement(node) || !isElement(fresh)) {
      node.nodeValue = fresh.nodeValue;
      return;
    }
    // It shows what the script wrote.
    if (node.dataset.own !== undefined) return;
    for (const { name, value } of Array.from(fresh.attributes)) {
      if (node.getAttribute(name) !== value) node.setAttribute(name, value);
    }
    for (const { name } of Array.from(node.attributes)) {
      // Details stay as the reader left them.
      const isGone = fresh.getAttribute(name) === null && name !== "open";
      if (isGone) node.removeAttribute(name);
    }
    patchChildren(node, fresh);
  }

  function patchChildren(parent: PageElement, fresh: PageElement): void {
    const known = new Map<string, PageNode[]>();
    for (const child of Array.from(parent.childNodes)) {
      const alike = known.get(keyOf(child));
      if (alike === undefined) known.set(keyOf(child), [child]);
      else alike.push(child);
    }
    const wanted = new Set<PageNode>();
    for (const child of Array.from(fresh.childNodes)) {
      const match = known.get(keyOf(child))?.shift();
      if (match !== undefined) patch(match, child);
      wanted.add(match ?? child);
    }
    for (const child of Array.from(parent.childNodes)) {
      if (!wanted.has(child)) parent.removeChild(child);
    }
    // From the end, each child goes before the one that follows it. The child
    // with the focus or the selection stays, as a move would take these away.
    const kept = [window.getSelection().anchorNode, document.activeElement]
      .find((node) =>
        node !== null && node !== parent && parent.contains(node)
      );
    let next: PageNode | null = null;
    for (const child of Array.from(wanted).reverse()) {
      const stays = child.parentNode === parent &&
        (child.nextSibling === next || (kept && child.contains(kept)));
      if (!stays) parent.insertBefore(child, next);
      next = child;
    }
  }

  /** Children of the same key are the same, in their order. */
  function keyOf(node: PageNode): string {
    const key = isElement(node) ? node.dataset.key ?? node.id : "";
    return `${node.nodeName} ${key}`;
  }

  function isElement(node: PageNode): node is PageElement {
    return "attributes" in node;
  }

  /** Copies through the selection: browsers keep the clipboard interface for encrypted pages. */
  function copy(button: PageElement): void {
    window.getSelection().selectAllChildren(button.parentNode!.childNodes[0]!);
    const isCopied = document.execCommand("copy");
    button.textContent = isCopied ? "Copied" : "Press Ctrl+C";
    window.setTimeout(() => button.textContent = "Copy", 2_000);
  }
}
