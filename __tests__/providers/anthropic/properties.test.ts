import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import type { SimulatedMessage } from '../../../examples/simulated-clouds/anthropic-answer.ts';
import { eventsOf } from '../../../examples/simulated-clouds/anthropic-events.ts';
import { validateMessagesRequest } from '../../../examples/simulated-clouds/anthropic-validate.ts';
import { RouterError } from '../../../lib/errors.ts';
import type { ChatRequest, JsonObject } from '../../../lib/openai/types.ts';
import type { MessagesRequest } from '../../../lib/providers/anthropic/types.ts';
import type { StreamPart } from '../../../lib/providers/provider.ts';
import { chatRequest, conversation, MODELS, speaker } from './arbitraries.ts';
import { accumulate } from './accumulate.ts';
import { play } from './dialogue.ts';
import { answerTo, ask, chat, convert, errorOf, metaFor, provider, streamOf } from './support.ts';

const RUNS = { numRuns: 100 };

/** Milliseconds: on a busy machine these take their time. */
const PATIENCE = 60_000;

/** As it comes off the wire. */
const jsonOf = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

test(
  'whatever is valid at OpenAI becomes what the strict simulated Claude takes',
  () => {
    fc.assert(
      fc.property(chatRequest, (request) => {
        expect(validateMessagesRequest(convert(request).body)?.message).toBeUndefined();
      }),
      RUNS,
    );
  },
  PATIENCE,
);

const turnsIn = (messages: readonly JsonObject[]): MessagesRequest['messages'] =>
  convert(ask({ messages: [...messages] })).body.messages;

/** Refused is a history at whose end the user says nothing to the assistant. */
function lastRole(messages: readonly JsonObject[]): string | undefined {
  try {
    return turnsIn(messages).at(-1)?.role;
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid_value', param: 'messages' });
    return 'refused';
  }
}

/** Where a new turn of the assistant begins: it says something, and the words before were not its own. */
function turnStarts(messages: readonly JsonObject[]): number[] {
  return messages.flatMap((message, index) => {
    if (message['role'] !== 'assistant') return [];
    const before = lastRole(messages.slice(0, index));
    if (before === 'assistant' || before === 'refused') return [];
    return turnsIn([{ role: 'user', content: 'Q' }, message]).length > 1 ? [index] : [];
  });
}

test(
  'a longer history keeps the bytes of a shorter one',
  () => {
    fc.assert(
      fc.property(fc.constantFrom(...MODELS), conversation, (model, messages) => {
        const whole = convert(ask({ model, messages })).body;
        for (const start of turnStarts(messages)) {
          const shorter = convert(ask({ model, messages: messages.slice(0, start) })).body;
          expect(JSON.stringify(shorter.system)).toBe(JSON.stringify(whole.system));
          const bytes = JSON.stringify(shorter.messages).slice(0, -1);
          expect(JSON.stringify(whole.messages).slice(0, bytes.length)).toBe(bytes);
        }
      }),
      RUNS,
    );
  },
  PATIENCE,
);

test(
  'the same request becomes the same bytes, and is not changed',
  () => {
    fc.assert(
      fc.property(chatRequest, (request) => {
        const before = JSON.stringify(request);
        expect(JSON.stringify(convert(request))).toBe(JSON.stringify(convert(request)));
        expect(JSON.stringify(request)).toBe(before);
      }),
      { numRuns: 100 },
    );
  },
  PATIENCE,
);

/** What was thrown that is no refusal of ours. */
function crashOf(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof RouterError ? undefined : error;
  }
}

test(
  'any JSON whatever is converted or refused, never a crash',
  () => {
    const keys = fc.constantFrom(
      'role',
      'content',
      'tool_calls',
      'function',
      'type',
      'name',
      'arguments',
      'id',
      'text',
      'tools',
      'stop',
      'thinking_blocks',
      'content_blocks',
      'output_config',
      'tool_choice',
      'response_format',
      'json_schema',
      'schema',
      'image_url',
      'url',
      'file',
      'file_data',
      'user',
      'metadata',
      'service_tier',
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue({ maxDepth: 1 }),
        fc.dictionary(keys, tie('tree')),
        fc.array(tie('tree'), { maxLength: 3 }),
      ),
    }));
    const role = fc.constantFrom('system', 'user', 'assistant', 'tool', 'function');
    const message = fc
      .tuple(role, fc.dictionary(keys, tree))
      .map(([name, rest]) => ({ ...rest, role: name }));
    fc.assert(
      fc.property(fc.dictionary(keys, tree), fc.array(message, { maxLength: 4 }), (rest, messages) => {
        const request = { ...rest, model: 'm', messages } as ChatRequest;
        expect(crashOf(() => chat().toRequest(request, metaFor()))).toBeUndefined();
      }),
      { numRuns: 150 },
    );
  },
  PATIENCE,
);

/** What Claude can say: blocks of every kind, in any order. */
const text = fc.string({ unit: 'grapheme', maxLength: 30 });
const page = { url: 'https://e.org', title: 'E', cited_text: 's' };
const citation = fc.constantFrom<JsonObject>(
  { type: 'web_search_result_location', ...page },
  { type: 'page_location', start_page_number: 1 },
);
const block = fc.oneof<fc.Arbitrary<JsonObject>[]>(
  fc.record({ type: fc.constant('text'), text }),
  fc.record({
    type: fc.constant('text'),
    text,
    citations: fc.array(citation, { minLength: 1, maxLength: 2 }),
  }),
  fc.record({ type: fc.constant('thinking'), thinking: text, signature: fc.string() }),
  fc.record({ type: fc.constant('redacted_thinking'), data: fc.string() }),
  fc.record({
    type: fc.constant('tool_use'),
    id: fc.uuid(),
    name: fc.constant('f'),
    input: fc.dictionary(fc.string(), fc.jsonValue() as fc.Arbitrary<null>, {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  }),
  fc.record({
    type: fc.constant('server_tool_use'),
    id: fc.uuid(),
    name: fc.constant('web_search'),
    input: fc.record({ query: text }),
  }),
  fc.record({
    type: fc.constant('web_search_tool_result'),
    tool_use_id: fc.uuid(),
    content: fc.constant([]),
  }),
);
const count = fc.nat({ max: 10_000 });
const answer: fc.Arbitrary<SimulatedMessage> = fc.record({
  id: fc.uuid(),
  type: fc.constant('message'),
  model: fc.constant('m'),
  content: fc.array(block, { maxLength: 6 }),
  stop_reason: fc.constantFrom('end_turn', 'tool_use', 'max_tokens', 'refusal', 'pause_turn'),
  stop_sequence: fc.constant(null),
  stop_details: fc.constantFrom(null, { type: 'refusal', explanation: 'No.' }),
  usage: fc.record({
    input_tokens: count,
    cache_read_input_tokens: fc.option(count),
    cache_creation_input_tokens: fc.option(count),
    output_tokens: count,
    output_tokens_details: fc.option(fc.record({ thinking_tokens: count })),
  }),
});
const asked = fc.constantFrom<JsonObject>({}, { functions: [{ name: 'f' }] });

describe('a stream', () => {
  test(
    'adds up to the whole answer',
    () => {
      fc.assert(
        fc.property(answer, asked, (message, request) => {
          // JSON has one zero.
          const sent = jsonOf(message);
          const whole = answerTo(sent, request);
          const { parts, stream } = streamOf(eventsOf(sent), request);
          const choice = accumulate(parts);
          // Shown in streams also where several blocks of thinking would be lost by a helper.
          const { content_blocks: shown, ...streamed } = choice.message;
          const { content_blocks: expectedShown, ...expected } = {
            ...whole.choices[0]?.message,
          } as JsonObject;
          expect(streamed).toEqual(expected);
          expect(choice.finish_reason).toBe(whole.choices[0]?.finish_reason);
          expect([stream.id, stream.model, stream.usage]).toEqual([whole.id, whole.model, whole.usage]);
          expect(shown).toEqual(expectedShown ?? shown);
        }),
        RUNS,
      );
    },
    PATIENCE,
  );

  test(
    'is the same however its bytes are sliced',
    () => {
      fc.assert(
        fc.property(answer, fc.infiniteStream(fc.integer({ min: 1, max: 400 })), (message, sizes) => {
          const events = eventsOf(message);
          const bytes = Buffer.from(
            events
              .map((event) => `event: ${String(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`)
              .join(''),
          );
          const byByte = parse(bytes, () => 1);
          expect(byByte).toEqual(streamOf(jsonOf(events)).parts);
          expect(parse(bytes, () => sizes.next().value ?? 1)).toEqual(byByte);
        }),
        { numRuns: 30 },
      );
    },
    PATIENCE,
  );

  function parse(bytes: Buffer, nextSize: () => number): StreamPart[] {
    const stream = chat().createStream(metaFor());
    const decoder = new TextDecoder();
    const parts: StreamPart[] = [];
    const parser = createParser({ onEvent: ({ data }) => parts.push(...stream.push(JSON.parse(data))) });
    for (let at = 0; at < bytes.length;) {
      const size = nextSize();
      parser.feed(decoder.decode(bytes.subarray(at, at + size), { stream: true }));
      at += size;
    }
    return [...parts, ...stream.end('')];
  }

  test(
    'cut anywhere before its reason to stop is an error',
    () => {
      fc.assert(
        fc.property(answer, fc.double({ min: 0, max: 1, noNaN: true }), (message, share) => {
          const events = eventsOf(message);
          const cut = Math.floor(share * (events.length - 2));
          expect(errorOf(() => streamOf(events.slice(0, cut))).code).toBe('stream_interrupted');
        }),
        RUNS,
      );
    },
    PATIENCE,
  );

  test(
    'of nonsense is chunks or an error of ours, never a crash',
    () => {
      const type = fc.constantFrom(
        'message_start',
        'content_block_start',
        'content_block_delta',
        'content_block_stop',
        'message_delta',
        'message_stop',
        'error',
        'ping',
        'else',
      );
      const piece = fc.oneof(
        fc.jsonValue({ maxDepth: 2 }),
        block,
        fc.record({
          type: fc.constantFrom(
            'text_delta',
            'input_json_delta',
            'thinking_delta',
            'citations_delta',
            'signature_delta',
          ),
          text: fc.jsonValue(),
          partial_json: fc.jsonValue(),
          citation: fc.jsonValue(),
        }),
      );
      const event = fc.record({
        type,
        index: fc.nat({ max: 2 }),
        message: piece,
        content_block: piece,
        delta: piece,
        usage: piece,
        error: piece,
      });
      fc.assert(
        fc.property(fc.array(event, { maxLength: 12 }), (events) => {
          const all = [{ type: 'message_start', message: {} }, ...events];
          expect(crashOf(() => streamOf(all))).toBeUndefined();
        }),
        RUNS,
      );
    },
    PATIENCE,
  );
});

test(
  'an error of any form is an error of ours',
  () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 300, max: 599 }),
        fc.dictionary(
          fc.constantFrom('retry-after', 'request-id', 'x'),
          fc.oneof(fc.string(), fc.array(fc.string())),
        ),
        fc.jsonValue(),
        (status, headers, body) => {
          expect(provider.toError({ status, headers, body })).toBeInstanceOf(RouterError);
        },
      ),
      RUNS,
    );
  },
  PATIENCE,
);

describe('a conversation with Claude goes on through every tool loop', () => {
  const models = [
    'claude-opus-5-5',
    'claude-sonnet-5',
    'claude-opus-4-8',
    'claude-opus-4-6',
    'claude-haiku-4-5',
  ];
  const clients = (['whole', 'python', 'javascript'] as const).flatMap((reading) =>
    [true, false].flatMap((keepsThinking) =>
      [true, false].map((progressNotes) => ({ reading, keepsThinking, progressNotes })),
    ),
  );
  const system = (content: string): JsonObject => ({ role: 'system', content });
  const aside = fc.constantFrom<JsonObject[][]>([], [system('aside')], [system('a'), system('b')]);
  const asides = fc.record({ behindWords: aside, behindResults: aside });
  const said = fc.array(speaker, { minLength: 2, maxLength: 3 });

  test.each(models.flatMap((model) => clients.map((client) => ({ model, ...client }))))(
    '%j',
    (scene) => {
      fc.assert(
        fc.property(said, asides, (words, more) => {
          expect(play({ ...scene, said: words, asides: more })).toBeUndefined();
        }),
        { numRuns: 2 },
      );
    },
    PATIENCE,
  );
});
