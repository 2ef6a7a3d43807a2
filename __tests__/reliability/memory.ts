/** What a test may use of memory. */

/**
 * Watches the memory of all buffers.
 * @returns ends the watch: how far it rose above where it began, in bytes.
 */
export function watchBuffers(): () => Promise<number> {
  const { arrayBuffers } = process.memoryUsage();
  let highest = arrayBuffers;
  let watching = true;
  const look = (): void => {
    highest = Math.max(highest, process.memoryUsage().arrayBuffers);
    if (watching) setImmediate(look);
  };
  look();
  return async () => {
    // What goes on behind an answer counts as well.
    await untilStill(() => highest);
    watching = false;
    return highest - arrayBuffers;
  };
}

/** Waits until a figure no longer changes over many turns of the event loop. */
export async function untilStill(read: () => number): Promise<number> {
  let last = -1;
  for (let still = 0; still < 2000; still += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (read() !== last) still = 0;
    last = read();
  }
  return last;
}
