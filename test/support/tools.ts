/** Programs of other people that a test needs: absent on a developer's machine they skip it, in CI they fail it by name. */

/** True when the test that needs `tool` should run; CI sets RELAYFILE_TEST_ALL_TOOLS after installing them. */
export function toolWanted(tool: string): boolean {
  return Bun.which(tool) !== null || Boolean(process.env.RELAYFILE_TEST_ALL_TOOLS);
}
