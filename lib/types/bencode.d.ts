// Types of npm:bencode@4.0.1, which has none: only the parts that lib/bencode uses.
declare module "bencode" {
  const bencode: {
    encode(bytes: Uint8Array): Uint8Array<ArrayBuffer>;
  };
  export default bencode;
}
