import { setImmediate as aTurnOfTheLoop } from 'node:timers/promises';
import type { ChatMessage } from '../../../lib/openai/types.ts';
import { createCallBook } from '../../../lib/providers/google/tool-history.ts';

describe('the book of calls', () => {
  // A look at every call for each result takes minutes for these, far beyond the limit of a test.
  test.each<[string, (index: number) => ChatMessage]>([
    ['ids', (index) => ({ role: 'tool', tool_call_id: `c${index}` })],
    ['names', () => ({ role: 'function', name: 'f' })],
  ])('finds the calls of three hundred thousand results by their %s', async (_by, resultOf) => {
    const indexes = Array.from({ length: 300_000 }, (_, index) => index);
    const book = createCallBook();
    for (const index of indexes) book.add({ functionCall: { id: `c${index}`, name: 'f', args: {} } });
    const orders: number[] = [];
    for (const index of indexes) {
      orders.push(book.answer(resultOf(index), 'messages[1]').order);
      // The limit of a test holds only between turns.
      if (index % 1000 === 0) await aTurnOfTheLoop();
    }
    expect(orders).toEqual(indexes);
  });

  test('a call that was answered by its id is not given to a result that has only the name', () => {
    const book = createCallBook();
    for (const id of ['c1', 'c2', 'c3']) book.add({ functionCall: { id, name: 'f', args: {} } });
    const results = [
      { role: 'tool', tool_call_id: 'c2' },
      { role: 'function', name: 'f' },
      { role: 'function', name: 'f' },
    ];
    expect(results.map((result) => book.answer(result, 'messages[1]').id)).toEqual(['c2', 'c1', 'c3']);
  });
});
