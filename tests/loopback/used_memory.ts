/**
 * Measures the memory of one test file.
 *
 * @module
 */

/**
 * Heap and buffers of this file's isolate, in bytes. The resident memory of the
 * process would include the files that run beside it.
 */
export function usedMemory(): number {
  const { heapTotal, external } = Deno.memoryUsage();
  return heapTotal + external;
}
