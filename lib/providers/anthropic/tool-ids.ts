/**
 * Ids of tool calls as Anthropic takes them: letters, digits, `_` and `-`, each used once in a conversation. A
 * conversation that began at another cloud brings ids such as `functions.f:0`, or the same `call_0` in every turn.
 * What an id becomes depends on earlier messages only, so that a longer history keeps the bytes of a shorter one.
 */
export interface ToolIds {
  /** The id of a call. */
  forCall(id: string): string;
  /** A call whose id must stay as it is. */
  keep(id: string): void;
  /** The id of the call that a result belongs to. */
  forResult(id: string): string;
  /** Legacy calls have no ids: they are numbered. */
  forFunctionCall(): string;
  /** The nearest earlier legacy call that has no result yet. */
  forFunctionResult(): string;
}

export function createToolIds(): ToolIds {
  const taken = new Set<string>();
  const repeats = new Map<string, number>();
  const latest = new Map<string, string>();
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

  function forCall(id: string): string {
    const given = unused(id);
    taken.add(given);
    latest.set(id, given);
    return given;
  }

  return {
    forCall,
    keep(id) {
      taken.add(id);
      latest.set(id, id);
    },
    forResult: (id) => latest.get(id) ?? toLegalId(id),
    forFunctionCall() {
      const id = forCall(`call_fn_${functionCalls++}`);
      openCalls.push(id);
      return id;
    },
    forFunctionResult: () => openCalls.pop() ?? `call_fn_${functionCalls}`,
  };
}

/** The pattern is known from Anthropic's error for it: `^[a-zA-Z0-9_-]+$`. */
function toLegalId(id: string): string {
  return id.replace(/[^a-zA-Z0-9_-]/g, '_');
}
