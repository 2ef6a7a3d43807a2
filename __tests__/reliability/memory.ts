/** What a test may use of memory. */

/**
 * Watches the memory of all buffers.
 * @returns ends the watch: how far it rose above where it began, in bytes.
 */
export function watchBuffers(): () => number {
  const { arrayBuffers } = process.memoryUsage();
  let highest = arrayBuffers;
  let watching = true;
  const look = (): void => {
    highest = Math.max(highest, process.memoryUsage().arrayBuffers);
    if (watching) setImmediate(look);
  };
  look();
  return () => {
    watching = false;
    return highest - arrayBuffers;
  };
}
