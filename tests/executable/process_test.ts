import { PROCESS_CASES } from "../loopback/process_cases.ts";
import { executableTest } from "./executable_test_case.ts";

for (const { name, fn } of PROCESS_CASES) {
  executableTest(
    `executables: ${name}`,
    (executables) => fn((program) => [executables[program]]),
  );
}
