/** Calls that the client gave the same id. */
interface SameId {
  /** What their ids have become, in order. */
  readonly given: string[];
  /** Counted, and not taken out of the list: that would copy a hostile one for each result. */
  results: number;
}

/**
 * Ids of tool calls as Anthropic takes them: letters, digits, `_` and `-`, each used once in a conversation. A
 * conversation that began at another cloud brings ids such as `functions.f:0`, the same `call_0` in every turn, or the
 * same for two calls of one message: some local servers leave them empty.
 * What an id becomes depends on earlier messages only, so that a longer history keeps the bytes of a shorter one.
 */
export class ToolIds {
  /** Ids in use, and how many of the same were asked for. */
  readonly #taken = new Map<string, number>();
  readonly #calls = new Map<string, SameId>();
  readonly #openFunctionCalls: string[] = [];
  #functionCalls = 0;

  /** The id of a call. */
  forCall(id: string): string {
    const given = this.#take(id);
    this.#awaitResult(id, given);
    return given;
  }

  /** A call whose id must stay as it is. */
  keep(id: string): void {
    if (!this.#taken.has(id)) this.#taken.set(id, 1);
    this.#awaitResult(id, id);
  }

  /** The id of the call that a result belongs to: the first with the given id that has no result yet. */
  forResult(id: string): string {
    const same = this.#calls.get(id);
    return same?.given[same.results++] ?? toLegalId(id);
  }

  /** Legacy calls have no ids: they are numbered. */
  forFunctionCall(): string {
    const id = this.#take(`call_fn_${this.#functionCalls++}`);
    this.#openFunctionCalls.push(id);
    return id;
  }

  /** The nearest earlier legacy call that has no result yet. */
  forFunctionResult(): string {
    return this.#openFunctionCalls.pop() ?? `call_fn_${this.#functionCalls}`;
  }

  #take(id: string): string {
    const clean = toLegalId(id);
    let given = clean;
    while (this.#taken.has(given)) {
      const repeat = (this.#taken.get(clean) ?? 0) + 1;
      this.#taken.set(clean, repeat);
      given = `${clean}_${repeat}`;
    }
    this.#taken.set(given, 1);
    return given;
  }

  #awaitResult(id: string, given: string): void {
    const same = this.#calls.get(id);
    if (same === undefined) this.#calls.set(id, { given: [given], results: 0 });
    else same.given.push(given);
  }
}

/** The pattern is known from Anthropic's error for it: `^[a-zA-Z0-9_-]+$`. */
function toLegalId(id: string): string {
  return id === '' ? 'call' : id.replace(/[^a-zA-Z0-9_-]/g, '_');
}
