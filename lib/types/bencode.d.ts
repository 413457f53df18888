// Types of npm:bencode@4.0.1, which has none: only the parts that lib/bencode uses.
declare module "bencode" {
  /** A value that npm:bencode encodes; text becomes UTF-8. */
  export type Encodable =
    | number
    | string
    | Uint8Array
    | readonly Encodable[]
    | { readonly [key: string]: Encodable | undefined };

  const bencode: {
    encode(value: Encodable): Uint8Array<ArrayBuffer>;
  };
  export default bencode;
}
