/** A message as the stream that Claude would have sent it in: every type of event, text and JSON in small pieces. */
import type { SimulatedMessage } from './anthropic-answer.ts';
import { isJson, listOf, type Json } from './anthropic-refusal.ts';

/** Characters in one piece of text, and of JSON: small and odd, so that pieces end in awkward places. */
const PIECE = 7;

export function eventsOf(message: SimulatedMessage): Json[] {
  const { content, stop_reason, stop_sequence, stop_details, usage, ...head } = message;
  const { output_tokens, output_tokens_details, ...prompt } = usage;
  const start = { ...head, content: [], stop_reason: null, stop_sequence: null, stop_details: null };
  const blocks = content.flatMap((block, index) => [
    ...blockEvents(block, index),
    ...(index === 0 ? [{ type: 'ping' }] : []),
  ]);
  return [
    { type: 'message_start', message: { ...start, usage: { ...prompt, output_tokens: 1 } } },
    ...blocks,
    {
      type: 'message_delta',
      delta: { stop_reason, stop_sequence, stop_details },
      usage: { output_tokens, output_tokens_details },
    },
    { type: 'message_stop' },
  ];
}

function blockEvents(block: Json, index: number): Json[] {
  const { first, deltas } = parts(block);
  return [
    { type: 'content_block_start', index, content_block: first },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ];
}

function parts(block: Json): { first: Json; deltas: Json[] } {
  switch (String(block['type'])) {
    case 'text':
      return {
        first: { type: 'text', text: '' },
        deltas: [
          ...pieces(String(block['text'])).map((text) => ({ type: 'text_delta', text })),
          ...listOf(block['citations']).map((citation) => ({ type: 'citations_delta', citation })),
        ],
      };
    case 'thinking':
      return {
        first: { type: 'thinking', thinking: '', signature: '' },
        deltas: [
          ...pieces(String(block['thinking'])).map((thinking) => ({ type: 'thinking_delta', thinking })),
          { type: 'signature_delta', signature: block['signature'] },
        ],
      };
    case 'tool_use':
    case 'server_tool_use':
      return { first: { ...block, input: {} }, deltas: inputDeltas(block['input']) };
    default:
      return { first: block, deltas: [] };
  }
}

/** The first fragment is empty; for a call without arguments it is the only one. */
function inputDeltas(input: unknown): Json[] {
  const json = isJson(input) && Object.keys(input).length > 0 ? JSON.stringify(input) : '';
  return ['', ...pieces(json)].map((partial_json) => ({ type: 'input_json_delta', partial_json }));
}

/** By code points: half a surrogate pair is no JSON. */
function pieces(text: string): string[] {
  const points = Array.from(text);
  const count = Math.ceil(points.length / PIECE);
  return Array.from({ length: count }, (_, index) =>
    points.slice(index * PIECE, (index + 1) * PIECE).join(''),
  );
}
