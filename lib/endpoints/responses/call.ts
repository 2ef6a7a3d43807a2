/** The function call item. */
import type { ToolCallDelta } from '../../openai/types.ts';
import type { Emit, ItemPlace, ItemStream } from './events.ts';
import type { CallItem } from './types.ts';

export interface CallStream extends ItemStream<CallItem> {
  addArguments(delta: string): string;
  /** No more arguments can follow: JSON never goes on behind an object that is closed. */
  isWhole(): boolean;
}

/** OpenAI's item has a `caller` too, of two kinds. Another cloud's own kinds come back in the blocks of its answer. */
type Called = ToolCallDelta & { readonly caller?: unknown };

export function createCall(place: ItemPlace, first: ToolCallDelta, emit: Emit): CallStream {
  const { item_id, output_index } = place;
  const {
    index: _index,
    id = '',
    type: _type,
    function: called,
    caller: _caller,
    ...extras
  } = first as Called;
  const { name = '' } = called;
  const item: CallItem = {
    ...extras,
    id: item_id,
    type: 'function_call',
    status: 'in_progress',
    call_id: id,
    name,
    arguments: '',
  };
  return {
    item,
    start: () => emit('response.output_item.added', { output_index, item }),
    addArguments(delta) {
      if (delta === '') return '';
      item.arguments += delta;
      return emit('response.function_call_arguments.delta', { ...place, delta });
    },
    isWhole: () => isObjectText(item.arguments),
    end(status) {
      item.status = status;
      return (
        emit('response.function_call_arguments.done', { ...place, name, arguments: item.arguments }) +
        emit('response.output_item.done', { output_index, item })
      );
    },
  };
}

function isObjectText(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}
