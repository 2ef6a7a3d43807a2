/**
 * Quotes that are not the shell's. In a file for `docker --env-file` they are a part of the value.
 * @returns the end of a sentence for a text in quotes, else undefined.
 */
export function quotesAround(text: string): string | undefined {
  return /^(["']).*\1$/s.test(text)
    ? 'begins and ends with a quotation mark. Some tools, docker --env-file for one, keep quotes as part of the value: write it without them.'
    : undefined;
}
