// The parts of prom-client that the project imports, each from its own file: the
// package as a whole loads the interfaces of another one and holds the event
// loop for several times as long.

declare module "prom-client/registry" {
  export default class Registry {
    readonly contentType: string;
    metrics(): Promise<string>;
  }
}

declare module "prom-client/gauge" {
  import type Registry from "prom-client/registry";
  export default class Gauge<Label extends string> {
    constructor(options: {
      readonly name: string;
      readonly help: string;
      readonly labelNames?: readonly Label[];
      readonly registers: readonly Registry[];
    });
    set(value: number): void;
    set(labels: Readonly<Record<Label, string>>, value: number): void;
  }
}

declare module "prom-client/counter" {
  import type Registry from "prom-client/registry";
  export default class Counter<Label extends string> {
    constructor(options: {
      readonly name: string;
      readonly help: string;
      readonly labelNames?: readonly Label[];
      readonly registers: readonly Registry[];
    });
    inc(value: number): void;
    inc(labels: Readonly<Record<Label, string>>, value: number): void;
  }
}
