/** Half a character in JSON, as cutting a text between the two halves of an emoji leaves it. UTF-8 cannot carry it. */

/** Every escape, so that the second of two backslashes is never taken for the beginning of one. */
const ESCAPE = /\\(?:ud[89a-f][0-9a-f]{2}|.)/g;

/**
 * Half characters become U+FFFD, as in Anthropic's own SDK. Claude refuses JSON that holds one, and a conversation in
 * which there is one would be refused for ever.
 * @param json What `JSON.stringify` made: of all characters it escapes such halves alone with `\ud`.
 */
export function replaceHalfCharacters(json: string): string {
  if (!json.includes('\\ud')) return json;
  return json.replace(ESCAPE, (escape) => (escape.length > 2 ? '\ufffd' : escape));
}
