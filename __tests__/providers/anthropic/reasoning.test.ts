import type { JsonObject } from '../../../lib/openai/types.ts';
import { added, ask, convert } from './support.ts';

/** Enough for every budget. */
const ROOM = { max_tokens: 30_000 };

const effort = (level: string): JsonObject => ({ output_config: { effort: level } });
const budget = (budget_tokens: number): JsonObject => ({ thinking: { type: 'enabled', budget_tokens } });
const adaptive = (level: string): JsonObject => ({ thinking: { type: 'adaptive' }, ...effort(level) });
const thinking = (type: string): JsonObject => ({ thinking: { type } });

test.each<[string, string, JsonObject, string[]]>([
  ['claude-opus-5-5', 'minimal', effort('low'), []],
  ['claude-opus-5-5', 'low', effort('low'), []],
  ['claude-opus-5-5', 'medium', effort('medium'), []],
  ['claude-opus-5-5', 'high', effort('high'), []],
  ['claude-opus-5-5', 'xhigh', effort('xhigh'), []],
  ['claude-opus-5-5', 'max', effort('max'), []],
  ['claude-opus-5-5', 'none', thinking('disabled'), []],
  ['claude-opus-5-5', 'ultra', effort('ultra'), []],
  ['claude-tomorrow', 'high', effort('high'), []],
  ['claude-sonnet-5-5', 'none', thinking('between_tools'), []],
  ['claude-sonnet-5', 'none', thinking('disabled'), []],
  ['claude-opus-4-8', 'minimal', adaptive('low'), []],
  ['claude-opus-4-7', 'high', adaptive('high'), []],
  ['claude-opus-4-6', 'xhigh', adaptive('xhigh'), []],
  ['claude-sonnet-4-6', 'max', adaptive('max'), []],
  ['claude-opus-4-6', 'none', thinking('disabled'), []],
  ['claude-opus-4-5', 'none', {}, []],
  ['claude-opus-4-5', 'minimal', effort('low'), []],
  ['claude-opus-4-5', 'low', effort('low'), []],
  ['claude-opus-4-5', 'medium', effort('medium'), []],
  ['claude-opus-4-5', 'high', effort('high'), []],
  ['claude-opus-4-5', 'xhigh', effort('high'), ['reasoning_effort']],
  ['claude-opus-4-5', 'max', effort('high'), ['reasoning_effort']],
  ['claude-haiku-4-5', 'none', {}, []],
  ['claude-haiku-4-5', 'minimal', budget(1024), []],
  ['claude-haiku-4-5', 'low', budget(1024), []],
  ['claude-sonnet-4-5', 'medium', budget(2048), []],
  ['claude-haiku-4-5', 'high', budget(4096), []],
  ['claude-haiku-4-5', 'xhigh', budget(8192), []],
  ['claude-haiku-4-5', 'max', budget(16_384), []],
  ['claude-haiku-4-5', 'ultra', {}, ['reasoning_effort']],
])('%s at %s', (model, reasoning_effort, out, dropped) => {
  expect(added({ ...ROOM, model, reasoning_effort })).toEqual(out);
  expect(convert(ask({ ...ROOM, model, reasoning_effort })).dropped).toEqual(dropped);
});

describe('a budget of thinking', () => {
  const of = (fields: JsonObject): [JsonObject, string[]] => {
    const { body, dropped } = convert(
      ask({ model: 'claude-haiku-4-5', reasoning_effort: 'high', ...fields }),
    );
    return [(body.thinking ?? {}) as JsonObject, dropped];
  };

  test('stays below max_tokens, which the client has set', () => {
    expect(of({ max_tokens: 4096 })).toEqual([{ type: 'enabled', budget_tokens: 4095 }, []]);
    expect(of({ max_tokens: 1025 })).toEqual([{ type: 'enabled', budget_tokens: 1024 }, []]);
  });

  test('is left out and reported where less than the least is left', () => {
    expect(of({ max_tokens: 1024 })).toEqual([{}, ['reasoning_effort']]);
  });

  test.each([['required'], [{ type: 'function', function: { name: 'f' } }]])(
    'gives way to the forced choice %j',
    (tool_choice) => {
      const tools = [{ type: 'function', function: { name: 'f' } }];
      expect(of({ ...ROOM, tools, tool_choice })).toEqual([{}, ['reasoning_effort']]);
      expect(of({ ...ROOM, tools, tool_choice: 'auto' })).toEqual([
        { type: 'enabled', budget_tokens: 4096 },
        [],
      ]);
    },
  );
});

describe("the client's own words win", () => {
  test.each<[JsonObject]>([
    [{ thinking: { type: 'adaptive', display: 'summarized' } }],
    [{ output_config: { effort: 'max' } }],
    [{ thinking: { type: 'disabled' } }],
  ])('%j', (own) => {
    expect(added({ ...own, reasoning_effort: 'low' })).toEqual(own);
    expect(convert(ask({ ...own, reasoning_effort: 'low' })).dropped).toEqual(['reasoning_effort']);
    expect(convert(ask(own)).dropped).toEqual([]);
  });

  test('null says nothing', () => {
    expect(added({ thinking: null, output_config: null, reasoning_effort: 'low' })).toEqual(effort('low'));
  });

  test('a forced choice beside manual thinking is for Anthropic to refuse', () => {
    const own = {
      ...budget(1024),
      tools: [{ name: 'f', input_schema: { type: 'object' } }],
      tool_choice: { type: 'any' },
    };
    expect(added({ model: 'claude-haiku-4-5', ...own })).toEqual(own);
  });
});

describe('manual thinking in an open tool loop', () => {
  const call = { id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } };
  const thought = { type: 'thinking', thinking: 'hm', signature: 'S' };
  const loop = (assistant: JsonObject, ...more: JsonObject[]): JsonObject => ({
    ...ROOM,
    model: 'claude-haiku-4-5',
    temperature: 0.3,
    tools: [{ type: 'function', function: { name: 'f' } }],
    messages: [
      { role: 'user', content: 'Q' },
      { role: 'assistant', content: null, tool_calls: [call], ...assistant },
      { role: 'tool', tool_call_id: 'c1', content: 'r' },
      ...more,
    ],
  });
  const outcome = (fields: JsonObject): unknown => {
    const { body, dropped } = convert(ask(fields));
    return { thinking: body.thinking, temperature: body.temperature, dropped };
  };

  test('stays where the loop begins with its thinking', () => {
    const kept = { thinking: { type: 'enabled', budget_tokens: 4096 }, dropped: ['temperature'] };
    expect(outcome({ ...loop({ thinking_blocks: [thought] }), reasoning_effort: 'high' })).toEqual(kept);
    const redacted = { type: 'redacted_thinking', data: 'D' };
    expect(outcome({ ...loop({ thinking_blocks: [redacted] }), reasoning_effort: 'high' })).toEqual(kept);
  });

  describe('of several steps', () => {
    const second = { ...call, id: 'c2' };
    const steps = (first: JsonObject, then: JsonObject): JsonObject =>
      loop(
        first,
        { role: 'assistant', content: null, tool_calls: [second], ...then },
        { role: 'tool', tool_call_id: 'c2', content: 'r2' },
      );

    test('stays where the first one begins with its thinking: Claude thinks once, and then calls and calls', () => {
      expect(outcome({ ...steps({ thinking_blocks: [thought] }, {}), reasoning_effort: 'high' })).toEqual({
        thinking: { type: 'enabled', budget_tokens: 4096 },
        dropped: ['temperature'],
      });
      expect(outcome({ ...steps({ thinking_blocks: [thought] }, {}), ...budget(2000) })).toEqual({
        thinking: { type: 'enabled', budget_tokens: 2000 },
        dropped: ['temperature'],
      });
    });

    test('is left out where only a later one does', () => {
      expect(outcome({ ...steps({}, { thinking_blocks: [thought] }), reasoning_effort: 'high' })).toEqual({
        temperature: 0.3,
        dropped: ['reasoning_effort'],
      });
    });
  });

  test('is left out for this one request where a stock client has lost it, and the temperature stays', () => {
    expect(outcome({ ...loop({}), reasoning_effort: 'high' })).toEqual({
      temperature: 0.3,
      dropped: ['reasoning_effort'],
    });
    expect(outcome({ ...loop({}), ...budget(2000) })).toEqual({ temperature: 0.3, dropped: ['thinking'] });
    expect(outcome({ ...loop({}, { role: 'user', content: 'and?' }), ...budget(2000) })).toEqual({
      temperature: 0.3,
      dropped: ['thinking'],
    });
  });

  test('comes back when the user speaks again', () => {
    const next = loop({}, { role: 'assistant', content: 'A' }, { role: 'user', content: 'Q2' });
    expect(outcome({ ...next, reasoning_effort: 'high' })).toEqual({
      thinking: { type: 'enabled', budget_tokens: 4096 },
      dropped: ['temperature'],
    });
  });

  test('adaptive thinking needs no thinking to begin a loop', () => {
    expect(outcome({ ...loop({}), model: 'claude-opus-4-6', reasoning_effort: 'high' })).toEqual({
      thinking: { type: 'adaptive' },
      dropped: ['temperature'],
    });
  });
});
