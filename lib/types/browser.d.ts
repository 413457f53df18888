/**
 * Types of the part of a browser that the script of the tracker's page uses.
 * TypeScript's own DOM types would declare `document` and `window` in every file of
 * the project.
 *
 * @module
 */

/** A node of the document; only elements have `attributes` and the members after it. */
export interface PageNode {
  readonly nodeName: string;
  nodeValue: string | null;
  textContent: string | null;
  readonly parentNode: PageNode | null;
  readonly nextSibling: PageNode | null;
  readonly childNodes: ArrayLike<PageNode>;
  contains(node: PageNode | null): boolean;
  isEqualNode(node: PageNode): boolean;
  insertBefore(node: PageNode, before: PageNode | null): void;
  removeChild(node: PageNode): void;
}

/** An element. */
export interface PageElement extends PageNode {
  readonly attributes: ArrayLike<{
    readonly name: string;
    readonly value: string;
  }>;
  readonly id: string;
  readonly dataset: Readonly<Record<string, string | undefined>>;
  readonly children: ArrayLike<PageElement>;
  /** Of a link. */
  readonly href: string;
  /** Of a field. */
  readonly value: string;
  className: string;
  append(...nodes: PageNode[]): void;
  closest(selector: string): PageElement | null;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  focus(options: { readonly preventScroll: boolean }): void;
}

/** An event on an element. */
export interface PageEvent {
  readonly target: PageElement;
  readonly button: number;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  preventDefault(): void;
}

/** The document of the page, or one parsed from text. */
export interface PageDocument {
  title: string;
  readonly hidden: boolean;
  readonly body: PageElement;
  readonly documentElement: PageElement;
  readonly activeElement: PageElement | null;
  getElementById(id: string): PageElement | null;
  querySelector(selector: string): PageElement | null;
  querySelectorAll(selector: string): ArrayLike<PageElement>;
  execCommand(command: "copy"): boolean;
  addEventListener(type: string, listener: (event: PageEvent) => void): void;
}

/** A stream of server-sent events. */
export interface PageEventSource {
  /** 2 once it is closed for good. */
  readonly readyState: number;
  onopen: (() => void) | null;
  onerror: (() => void) | null;
  addEventListener(
    type: "changed",
    listener: (event: { readonly data: string }) => void,
  ): void;
  close(): void;
}

/** The window of the page. */
export interface PageWindow {
  readonly document: PageDocument;
  readonly location: { readonly href: string; readonly search: string };
  readonly history: {
    replaceState(state: null, title: string, url: string): void;
  };
  readonly DOMParser: new () => {
    parseFromString(text: string, type: "text/html"): PageDocument;
  };
  readonly EventSource: new (url: string) => PageEventSource;
  readonly URL: typeof URL;
  fetch(url: string): Promise<Response>;
  getSelection(): {
    readonly anchorNode: PageNode | null;
    selectAllChildren(node: PageNode): void;
  };
  setTimeout(action: () => void, delayMs: number): number;
  clearTimeout(id: number | undefined): void;
}
