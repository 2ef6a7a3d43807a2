/** Half a character in JSON, as cutting a text between the two halves of an emoji leaves it. UTF-8 cannot carry it. */

const BEGINNING = '\\ud';
/** Of the whole escape, `\ud83d`. */
const LENGTH = 6;

/**
 * Half characters become U+FFFD, as in Anthropic's own SDK. Claude refuses JSON that holds one, and a conversation in
 * which there is one would be refused for ever. They are looked for by themselves: to look at every escape of a long
 * history would hold up all other requests.
 * @param json What `JSON.stringify` made: of all characters it escapes such halves alone with `\ud`.
 */
export function replaceHalfCharacters(json: string): string {
  let clean = '';
  let done = 0;
  for (let at = json.indexOf(BEGINNING); at !== -1; at = json.indexOf(BEGINNING, at + BEGINNING.length)) {
    if (!beginsEscape(json, at)) continue;
    clean += `${json.slice(done, at)}\ufffd`;
    done = at + LENGTH;
  }
  return done === 0 ? json : clean + json.slice(done);
}

/** Behind an odd number of backslashes it is the second half of an escaped backslash, and text. */
function beginsEscape(json: string, at: number): boolean {
  let first = at;
  while (json[first - 1] === '\\') first--;
  return (at - first) % 2 === 0;
}
