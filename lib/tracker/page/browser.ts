/**
 * What the page's script uses of a browser, by its types alone. The browser's
 * own types would put `document` and `window` in reach of every file of the
 * project, where there are none.
 *
 * @module
 */

/** A node of the document. */
export interface PageElement {
  readonly children: ArrayLike<PageElement>;
  readonly dataset: Readonly<Record<string, string | undefined>>;
  readonly parentElement: PageElement | null;
  readonly firstElementChild: PageElement | null;
  /** Of a link. */
  readonly href: string;
  /** Of a field. */
  readonly value: string;
  className: string;
  innerHTML: string;
  textContent: string | null;
  readonly closest: (selector: string) => PageElement | null;
  readonly querySelector: (selector: string) => PageElement | null;
  readonly insertBefore: (
    node: PageElement,
    before: PageElement | null,
  ) => void;
  readonly replaceWith: (node: PageElement) => void;
  readonly remove: () => void;
  readonly focus: () => void;
}

/** Something that happened to an element. */
export interface PageEvent {
  readonly target: PageElement;
  readonly button: number;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly preventDefault: () => void;
}

/** A document, of the page or read from text. */
export interface PageDocument {
  title: string;
  readonly hidden: boolean;
  readonly documentElement: PageElement;
  readonly activeElement: PageElement | null;
  readonly getElementById: (id: string) => PageElement | null;
  readonly querySelectorAll: (selector: string) => ArrayLike<PageElement>;
  readonly createElement: (name: "template") => PageElement & {
    readonly content: PageElement;
  };
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
  onmessage: ((event: { readonly data: string }) => void) | null;
  onerror: (() => void) | null;
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
  readonly fetch: (url: string) => Promise<{ text(): Promise<string> }>;
  readonly getSelection: () => {
    removeAllRanges(): void;
    addRange(range: ReturnType<PageDocument["createRange"]>): void;
  };
  readonly setTimeout: (action: () => void, delayMs: number) => number;
  readonly clearTimeout: (id: number | undefined) => void;
}
