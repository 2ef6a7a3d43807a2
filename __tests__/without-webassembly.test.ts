/** Node has none under `--jitless`. Taken away before anything that uses it is loaded. */
Reflect.deleteProperty(globalThis, 'WebAssembly');
const { createLoop } = await import('../lib/json-skip-loop.ts');
const { createJsonScanner } = await import('../lib/json-scanner.ts');

test('there is no loop for long strings', () => {
  expect(createLoop()).toBeUndefined();
});

test('the scanner goes on byte by byte, and finds the same', () => {
  const found = Array.from({ length: 200 }, (_, at) => {
    const bytes = Buffer.from(`{"data":"${'A'.repeat(200)}","model":"openai:gpt-4.1"}`);
    bytes[9 + at] = 0x0a;
    const scanner = createJsonScanner();
    scanner.push(bytes);
    return scanner.malformed;
  });
  expect(found).toEqual(Array.from(found, (_, at) => `control character in a string at byte ${9 + at}`));
});
