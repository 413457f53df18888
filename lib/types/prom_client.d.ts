// Types of the modules of prom-client that the project imports. The main module of
// the package would load another package and block the thread several times longer.

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
