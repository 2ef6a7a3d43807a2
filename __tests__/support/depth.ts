/** Node 26 writes JSON as deeply nested as it reads it; before, what can be read cannot always be written again. */
export const writesAnyDepth: boolean = (() => {
  try {
    JSON.stringify(JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)));
    return true;
  } catch {
    return false;
  }
})();
