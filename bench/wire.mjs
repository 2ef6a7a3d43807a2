/** The three clouds' wire formats, and OpenAI's for the client: bodies to send and answers to give. */

export const CLOUDS = ['openai', 'google', 'anthropic'];

export const MODELS = { openai: 'gpt-4.1', google: 'gemini-2.5-flash', anthropic: 'claude-sonnet-4-5' };

/** Unix seconds. */
const CREATED = 1_780_000_000;

/** Which cloud a path belongs to. */
export function cloudOf(path) {
  if (path.startsWith('/v1beta/')) return 'google';
  return path.startsWith('/v1/messages') ? 'anthropic' : 'openai';
}

/** A whole answer. @returns {object} */
export function wholeAnswer(cloud, text) {
  const tokens = Math.ceil(text.length / 4);
  if (cloud === 'google') {
    return {
      candidates: [{ content: { parts: [{ text }], role: 'model' }, finishReason: 'STOP', index: 0 }],
      usageMetadata: { promptTokenCount: 180, candidatesTokenCount: tokens, totalTokenCount: 180 + tokens },
      modelVersion: MODELS.google,
      responseId: 'mAITaLfNFcS6qtsPqZvh8AI',
    };
  }
  if (cloud === 'anthropic') {
    return {
      ...messageHead(),
      content: [{ type: 'text', text }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 180, output_tokens: tokens },
    };
  }
  return {
    id: 'chatcmpl-CMxK0a7dQzR4nWvB1sYtE9uJ',
    object: 'chat.completion',
    created: CREATED,
    model: MODELS.openai,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text, refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: { prompt_tokens: 180, completion_tokens: tokens, total_tokens: 180 + tokens },
  };
}

function messageHead() {
  return { id: 'msg_01XFDUDYJgAACzvnptvVoYEL', type: 'message', role: 'assistant', model: MODELS.anthropic };
}

/** Events a stream has beside those that carry text. */
export const FRAME_EVENTS = { openai: 3, google: 0, anthropic: 5 };

/** One event a text, and what a cloud sends around them. @returns {{ head: string[], body: string[], tail: string[] }} */
export function streamEvents(cloud, texts) {
  if (cloud === 'google') return googleEvents(texts);
  return cloud === 'anthropic' ? anthropicEvents(texts) : openaiEvents(texts);
}

function openaiEvents(texts) {
  const event = (delta, finish_reason = null) =>
    data({
      id: 'chatcmpl-CMxK0a7dQzR4nWvB1sYtE9uJ',
      object: 'chat.completion.chunk',
      created: CREATED,
      model: MODELS.openai,
      choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    });
  return {
    head: [event({ role: 'assistant', content: '' })],
    body: texts.map((content) => event({ content })),
    tail: [event({}, 'stop'), 'data: [DONE]\n\n'],
  };
}

/** Google has no events of its own for begin and end: the last text carries the reason. */
function googleEvents(texts) {
  const event = (text, index) =>
    data({
      candidates: [
        {
          content: { parts: [{ text }], role: 'model' },
          index: 0,
          ...(index === texts.length - 1 && { finishReason: 'STOP' }),
        },
      ],
      usageMetadata: { promptTokenCount: 180, candidatesTokenCount: index + 1, totalTokenCount: 181 + index },
      modelVersion: MODELS.google,
      responseId: 'mAITaLfNFcS6qtsPqZvh8AI',
    });
  const events = texts.map(event);
  return { head: [], body: events.slice(0, -1), tail: events.slice(-1) };
}

function anthropicEvents(texts) {
  const event = (type, fields) => `event: ${type}\n${data({ type, ...fields })}`;
  return {
    head: [
      event('message_start', {
        message: {
          ...messageHead(),
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: 180, output_tokens: 1 },
        },
      }),
      event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    ],
    body: texts.map((text) =>
      event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }),
    ),
    tail: [
      event('content_block_stop', { index: 0 }),
      event('message_delta', {
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: { output_tokens: texts.length },
      }),
      event('message_stop', {}),
    ],
  };
}

function data(value) {
  return `data: ${JSON.stringify(value)}\n\n`;
}

/** English enough to be scanned and parsed like a real prompt: quotes and line ends that must be escaped. */
const PROSE =
  'The night train left at "ten past nine", and nobody on the platform had seen the conductor.\n' +
  'What would you ask first, and why? Answer in two sentences; keep to what is known. ';

/** Text of a length. */
export function proseOf(length) {
  return PROSE.repeat(Math.ceil(length / PROSE.length)).slice(0, length);
}

/**
 * A chat request as a client sends it.
 * @param {string} model With the prefix, if it has one.
 * @param {number} size About so many bytes.
 */
export function chatRequest(model, size, stream = false) {
  const request = (text) =>
    JSON.stringify({
      model,
      messages: [
        { role: 'system', content: 'You are a careful assistant.' },
        { role: 'user', content: text },
      ],
      temperature: 0.7,
      max_tokens: 256,
      ...(stream && { stream: true }),
    });
  return request(proseOf(Math.max(0, size - request('').length)));
}

/**
 * A chat request whose size is that of its picture.
 * @param {'first' | 'last'} modelStands Some clients write the model behind the messages.
 */
export function pictureRequest(model, size, modelStands = 'first') {
  const url = `data:image/png;base64,${base64Of(size)}`;
  const messages = [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is in this picture?' },
        { type: 'image_url', image_url: { url } },
      ],
    },
  ];
  return JSON.stringify(modelStands === 'first' ? { model, messages } : { messages, model });
}

/** Characters of base64 in no order that repeats soon. */
function base64Of(length) {
  const bytes = Buffer.alloc(Math.ceil((length * 3) / 4 / 3) * 3);
  let seed = 1;
  for (let at = 0; at < bytes.length; at++) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = seed >>> 16;
  }
  return bytes.toString('base64');
}

/** Turns of a long talk: questions, answers, and a tool call with its result in every tenth. */
export function historyRequest(model, count, pictureBytes = 0) {
  const pictures = pictureBytes === 0 ? 0 : 10;
  const picture = pictures === 0 ? '' : `data:image/png;base64,${base64Of(pictureBytes / pictures)}`;
  const messages = [];
  for (let turn = 0; messages.length < count - 1; turn++) {
    messages.push(...(turn % 10 === 9 && messages.length < count - 4 ? toolTurn(turn) : talkTurn(turn)));
  }
  const last = [
    { type: 'text', text: 'And what do these show?' },
    ...Array.from({ length: pictures }, () => ({ type: 'image_url', image_url: { url: picture } })),
  ];
  messages.length = count - 1;
  messages.push({ role: 'user', content: last });
  return JSON.stringify({ model, messages, tools: [LOOK_UP], max_tokens: 256 });
}

function talkTurn(turn) {
  return [
    { role: 'user', content: `Question ${turn}: ${proseOf(200)}` },
    { role: 'assistant', content: `Answer ${turn}: ${proseOf(200)}` },
  ];
}

function toolTurn(turn) {
  const id = `call_${turn}`;
  const call = { id, type: 'function', function: { name: 'look_up', arguments: `{"page":${turn}}` } };
  return [
    { role: 'user', content: `Look up page ${turn}.` },
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: id, content: proseOf(200) },
    { role: 'assistant', content: `Page ${turn} says: ${proseOf(150)}` },
  ];
}

const LOOK_UP = {
  type: 'function',
  function: {
    name: 'look_up',
    description: 'Looks up a page.',
    parameters: { type: 'object', properties: { page: { type: 'integer' } }, required: ['page'] },
  },
};
