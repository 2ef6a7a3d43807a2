/** A client of the load balancer that uses nothing but HTTP, like the curl and httpx of the quick start. */

/** The key that the quick start's client sends. */
export const CLIENT_KEY = 'sk-your-api-key';

export interface Reply {
  readonly status: number;
  /** The JSON of an answer; of a stream, what its events add up to. */
  readonly answer: unknown;
}

/** What the events of a streamed chat completion add up to. */
export interface CollectedStream {
  /** What all events have in common. */
  readonly head: object;
  readonly role: string;
  readonly content: string;
  /** Everything else the deltas held. */
  readonly more: object;
  readonly finish_reason: unknown;
  /** The text came in more than one event. */
  readonly inPieces: boolean;
  /** `[DONE]` came, once and last. */
  readonly done: boolean;
}

export interface Watcher {
  /** The status line is there: whoever was to get the request has it. */
  onStatus(status: number): void;
  /** A piece of a streamed text. */
  onPiece(text: string): void;
}

export async function callServer(
  url: string,
  path: string,
  body: object | undefined,
  watch: Watcher,
): Promise<Reply> {
  const response = await fetch(url + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${CLIENT_KEY}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  watch.onStatus(response.status);
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  if (isStream && response.body !== null) {
    return { status: response.status, answer: await collect(dataLines(response.body), watch) };
  }
  return { status: response.status, answer: parse(await response.text()) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What stands behind each `data: `, as the quick start's Python reads it. */
async function* dataLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('data: ')) yield line.slice(6);
  }
}

interface Chunk {
  readonly choices?: readonly { readonly delta: Record<string, unknown>; readonly finish_reason: unknown }[];
  readonly [key: string]: unknown;
}

/** @throws if the events do not belong together. */
async function collect(events: AsyncIterable<string>, watch: Watcher): Promise<CollectedStream> {
  const heads = new Set<string>();
  let [role, content, finishReason, more]: [string, string, unknown, object] = ['', '', null, {}];
  let [pieces, done] = [0, false];
  for await (const event of events) {
    if (done) throw new Error(`An event came behind [DONE]: ${event}`);
    if (event === '[DONE]') {
      done = true;
      continue;
    }
    const { choices = [], ...head } = JSON.parse(event) as Chunk;
    heads.add(JSON.stringify(head));
    for (const { delta, finish_reason: reason } of choices) {
      const { role: newRole, content: text, refusal, ...others } = delta;
      if (typeof newRole === 'string') role += newRole;
      if (typeof text === 'string' && text !== '') {
        content += text;
        pieces += 1;
        watch.onPiece(text);
      }
      if (refusal !== undefined && refusal !== null) more = { ...more, refusal };
      more = { ...more, ...others };
      finishReason = reason ?? finishReason;
    }
  }
  if (heads.size !== 1)
    throw new Error(`The events of one stream differ in their heads: ${[...heads].join(' ')}`);
  const [head = '{}'] = heads;
  return {
    head: JSON.parse(head) as object,
    role,
    content,
    more,
    finish_reason: finishReason,
    inPieces: pieces > 1,
    done,
  };
}
