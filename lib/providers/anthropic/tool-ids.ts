/**
 * Ids of tool calls as Anthropic takes them: letters, digits, `_` and `-`, each used once in a conversation. A
 * conversation that began at another cloud brings ids such as `functions.f:0`, the same `call_0` in every turn, or the
 * same for two calls of one message: some local servers leave them empty.
 * What an id becomes depends on earlier messages only, so that a longer history keeps the bytes of a shorter one.
 */
export interface ToolIds {
  /** The id of a call. */
  forCall(id: string): string;
  /** A call whose id must stay as it is. */
  keep(id: string): void;
  /** The id of the call that a result belongs to: the first with the given id that has no result yet. */
  forResult(id: string): string;
  /** Legacy calls have no ids: they are numbered. */
  forFunctionCall(): string;
  /** The nearest earlier legacy call that has no result yet. */
  forFunctionResult(): string;
}

/** Calls that the client gave the same id. */
interface SameId {
  /** What their ids have become, in order. */
  readonly given: string[];
  /** Counted, and not taken out of the list: that would copy a hostile one for each result. */
  results: number;
}

export function createToolIds(): ToolIds {
  const taken = new Set<string>();
  const repeats = new Map<string, number>();
  const calls = new Map<string, SameId>();
  const openCalls: string[] = [];
  let functionCalls = 0;

  function unused(id: string): string {
    const clean = toLegalId(id);
    if (!taken.has(clean)) return clean;
    let candidate;
    do {
      const repeat = (repeats.get(clean) ?? 1) + 1;
      repeats.set(clean, repeat);
      candidate = `${clean}_${repeat}`;
    } while (taken.has(candidate));
    return candidate;
  }

  function take(id: string): string {
    const given = unused(id);
    taken.add(given);
    return given;
  }

  function awaitResult(id: string, given: string): void {
    const same = calls.get(id);
    if (same === undefined) calls.set(id, { given: [given], results: 0 });
    else same.given.push(given);
  }

  return {
    forCall(id) {
      const given = take(id);
      awaitResult(id, given);
      return given;
    },
    keep(id) {
      taken.add(id);
      awaitResult(id, id);
    },
    forResult(id) {
      const same = calls.get(id);
      return same?.given[same.results++] ?? toLegalId(id);
    },
    forFunctionCall() {
      const id = take(`call_fn_${functionCalls++}`);
      openCalls.push(id);
      return id;
    },
    forFunctionResult: () => openCalls.pop() ?? `call_fn_${functionCalls}`,
  };
}

/** The pattern is known from Anthropic's error for it: `^[a-zA-Z0-9_-]+$`. */
function toLegalId(id: string): string {
  return id === '' ? 'call' : id.replace(/[^a-zA-Z0-9_-]/g, '_');
}
