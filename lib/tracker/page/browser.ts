/**
 * Types of the browser interfaces that the page's script uses. TypeScript's own
 * DOM types would make `document` and `window` known to every file of the
 * project.
 *
 * @module
 */

/** A node of the document. */
export interface PageNode {
  readonly nodeName: string;
  nodeValue: string | null;
  readonly nextSibling: PageNode | null;
  readonly parentNode: PageNode | null;
  readonly childNodes: ArrayLike<PageNode>;
  readonly contains: (node: PageNode | null) => boolean;
  readonly isEqualNode: (node: PageNode) => boolean;
  readonly insertBefore: (node: PageNode, before: PageNode | null) => void;
  readonly removeChild: (node: PageNode) => void;
}

/** An attribute of an element. */
export interface PageAttribute {
  readonly name: string;
  readonly value: string;
}

/** An element; nodes of other kinds have no attributes. */
export interface PageElement extends PageNode {
  readonly id: string;
  readonly attributes: ArrayLike<PageAttribute>;
  readonly dataset: Readonly<Record<string, string | undefined>>;
  readonly parentElement: PageElement | null;
  readonly children: ArrayLike<PageElement>;
  /** Of a link. */
  readonly href: string;
  /** Of a field. */
  readonly value: string;
  className: string;
  textContent: string | null;
  readonly append: (...nodes: PageNode[]) => void;
  readonly closest: (selector: string) => PageElement | null;
  readonly querySelector: (selector: string) => PageElement | null;
  readonly getAttribute: (name: string) => string | null;
  readonly setAttribute: (name: string, value: string) => void;
  readonly removeAttribute: (name: string) => void;
  readonly focus: (options?: { readonly preventScroll: boolean }) => void;
}

/** An event on an element. */
export interface PageEvent {
  readonly target: PageElement;
  readonly button: number;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly preventDefault: () => void;
}

/** The document of the page, or one parsed from text. */
export interface PageDocument {
  title: string;
  readonly hidden: boolean;
  readonly body: PageElement;
  readonly documentElement: PageElement;
  readonly activeElement: PageElement | null;
  readonly getElementById: (id: string) => PageElement | null;
  readonly querySelector: (selector: string) => PageElement | null;
  readonly querySelectorAll: (selector: string) => ArrayLike<PageElement>;
  readonly createRange: () => { selectNodeContents(node: PageElement): void };
  readonly execCommand: (command: "copy") => boolean;
  readonly addEventListener: (
    type: string,
    listener: (event: PageEvent) => void,
  ) => void;
}

/** A stream of server-sent events. */
export interface PageEventSource {
  /** 2 once it is closed for good. */
  readonly readyState: number;
  onopen: (() => void) | null;
  onerror: (() => void) | null;
  readonly addEventListener: (
    type: "changed",
    listener: (event: { readonly data: string }) => void,
  ) => void;
  readonly close: () => void;
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
  readonly fetch: (url: string) => Promise<Response>;
  readonly getSelection: () => {
    readonly anchorNode: PageNode | null;
    removeAllRanges(): void;
    addRange(range: ReturnType<PageDocument["createRange"]>): void;
  };
  readonly setTimeout: (action: () => void, delayMs: number) => number;
  readonly clearTimeout: (id: number | undefined) => void;
}
