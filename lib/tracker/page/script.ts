/**
 * The text of the page's script.
 *
 * @module
 */
import { pageScript } from "./page_script.ts";

/** JavaScript, complete: the function's source and its call. */
export const SCRIPT = `"use strict";\n(${pageScript})(window);\n`;
