/**
 * What happens to a store while a tracker runs on it. It never ends the tracker:
 * what is asked is answered from memory meanwhile.
 *
 * @module
 */
import type { StoreError } from "../../base/errors.ts";

/** Something that whoever runs the tracker is to know. */
export type StoreEvent =
  /** It fails from now on; told once, not with each attempt. */
  | { readonly type: "failed"; readonly error: StoreError }
  /** It works again. */
  | { readonly type: "recovered"; readonly message: string };

/** Hears of what happens to a store. */
export type StoreListener = (event: StoreEvent) => void;
