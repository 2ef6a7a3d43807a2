import { Ajv } from 'ajv';
import { COMPLETIONS_SCHEMA } from '../../lib/endpoints/completions.ts';
import { RESPONSES_SCHEMA } from '../../lib/endpoints/responses/index.ts';

// As lib/openai/schema.ts compiles them.
const ajv = new Ajv({ allErrors: false, allowUnionTypes: true, strictTypes: false, strictRequired: false });
const checks = { completions: ajv.compile(COMPLETIONS_SCHEMA), responses: ajv.compile(RESPONSES_SCHEMA) };

/** Where the check finds fault; undefined: nowhere. */
function faultOf(endpoint: keyof typeof checks, body: unknown): string | undefined {
  const check = checks[endpoint];
  if (check(body) === true) return undefined;
  const error = check.errors?.find(({ keyword }) => keyword !== 'if');
  const missing = error?.keyword === 'required' ? `/${String(error.params['missingProperty'])}` : '';
  return `${error?.instancePath ?? ''}${missing}`;
}

describe('completions', () => {
  test.each([
    [{ prompt: 'a' }],
    [
      {
        prompt: ['a'],
        max_tokens: 1,
        n: 1,
        logprobs: 0,
        stop: ['x'],
        stream: true,
        stream_options: {},
        seed: -1,
      },
    ],
    [{ prompt: null, max_tokens: null, stop: null, suffix: null, best_of: null, temperature: null }],
    [{ prompt: [[1]], unknown: { any: 1 } }],
  ])('%j passes', (body) => {
    expect(faultOf('completions', body)).toBeUndefined();
  });

  test.each([
    [{ prompt: 1 }, '/prompt'],
    [{ prompt: 'a', max_tokens: 0 }, '/max_tokens'],
    [{ prompt: 'a', logprobs: true }, '/logprobs'],
    [{ prompt: 'a', stop: [1] }, '/stop/0'],
    [{ prompt: 'a', stream: 'yes' }, '/stream'],
  ])('%j does not', (body, fault) => {
    expect(faultOf('completions', body)).toBe(fault);
  });
});

describe('responses', () => {
  const item = (value: unknown): object => ({ input: [value] });
  const part = (value: unknown): object => item({ role: 'user', content: [value] });

  test.each([
    [{ input: 'a' }],
    [{ previous_response_id: 'resp_1' }],
    [item({ role: 'user', content: 'a' })],
    [
      item({
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'a', annotations: [] }],
      }),
    ],
    [item({ type: 'reasoning', summary: [], encrypted_content: null })],
    [item({ type: 'function_call', call_id: 'a', name: 'f', arguments: '' })],
    [item({ type: 'function_call_output', call_id: 'a', output: [{ type: 'input_text', text: 'a' }] })],
    [item({ type: 'item_reference', id: 'a' })],
    [part({ type: 'input_image', image_url: null, file_id: 'a' })],
    [part({ type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } })],
    [{ input: 'a', text: { format: null }, reasoning: { effort: null }, tools: [{ type: 'web_search' }] }],
    // The conversion has more to say of it.
    [{ input: 'a', tools: [{ name: 'f' }] }],
    [
      {
        input: 'a',
        instructions: null,
        metadata: null,
        include: null,
        tool_choice: null,
        stop: 'x',
        temperature: 0,
      },
    ],
  ])('%j passes', (body) => {
    expect(faultOf('responses', body)).toBeUndefined();
  });

  test.each([
    [{ input: 1 }, '/input'],
    [{ input: [] }, '/input'],
    [{ input: 'a', metadata: { a: {} } }, '/metadata/a'],
    [{ input: 'a', user: 1 }, '/user'],
    [item('a'), '/input/0'],
    [item({ role: 'user' }), '/input/0/content'],
    [item({ type: 'message', role: 'tool', content: 'a' }), '/input/0/role'],
    [item({ type: 'message', role: 'user', content: 1 }), '/input/0/content'],
    [part({ text: 'a' }), '/input/0/content/0/type'],
    [part({ type: 'input_text' }), '/input/0/content/0/text'],
    [part({ type: 'input_image', image_url: { url: 'x' } }), '/input/0/content/0/image_url'],
    [part({ type: 'input_audio', input_audio: { data: 'x' } }), '/input/0/content/0/input_audio/format'],
    [item({ type: 'function_call', call_id: 'a', arguments: '' }), '/input/0/name'],
    [item({ type: 'function_call_output', output: 'a' }), '/input/0/call_id'],
    [item({ type: 'function_call_output', call_id: 'a' }), '/input/0/output'],
    [{ input: 'a', max_output_tokens: 0 }, '/max_output_tokens'],
    [{ input: 'a', tools: [{ type: 1 }] }, '/tools/0/type'],
    [{ input: 'a', tools: [{ type: 'function' }] }, '/tools/0/name'],
    [{ input: 'a', text: { format: {} } }, '/text/format/type'],
    [{ input: 'a', text: 'json' }, '/text'],
    [{ input: 'a', reasoning: { effort: 1 } }, '/reasoning/effort'],
    [{ input: 'a', tool_choice: 1 }, '/tool_choice'],
    [{ input: 'a', stream: 1 }, '/stream'],
  ])('%j does not', (body, fault) => {
    expect(faultOf('responses', body)).toBe(fault);
  });
});
