// The typed face of npm:bencode@4.0.1, which ships no types: what lib/bencode
// uses of it, no more.
declare module "bencode" {
  /** A value that npm:bencode writes; text is written as UTF-8. */
  export type Encodable =
    | number
    | string
    | Uint8Array
    | readonly Encodable[]
    | { readonly [key: string]: Encodable | undefined };

  /** What npm:bencode reads: strings come back as bytes. */
  export type Decoded = number | Uint8Array | Decoded[] | {
    [key: string]: Decoded;
  };

  const bencode: {
    decode(data: Uint8Array): Decoded;
    encode(value: Encodable): Uint8Array<ArrayBuffer>;
  };
  export default bencode;
}
