/** The reasoning item: a summary for people, and what the cloud wants back. */
import { createCarry, packCarry, type Carry } from './carry.ts';
import type { Emit, ItemPlace, ItemStream } from './events.ts';
import type { ReasoningItem, SummaryPart } from './types.ts';

export interface ReasoningStream extends ItemStream<ReasoningItem> {
  readonly carry: Carry;
  addSummary(text: string): string;
}

export function createReasoning(place: ItemPlace, emit: Emit): ReasoningStream {
  const { item_id: id, output_index } = place;
  const item: ReasoningItem = { id, type: 'reasoning', summary: [] };
  const carry = createCarry();
  const partPlace = { ...place, summary_index: 0 };
  let part: SummaryPart | undefined;

  function openPart(): string {
    part = { type: 'summary_text', text: '' };
    item.summary.push(part);
    return emit('response.reasoning_summary_part.added', { ...partPlace, part });
  }

  function endPart(): string {
    if (part === undefined) return '';
    return (
      emit('response.reasoning_summary_text.done', { ...partPlace, text: part.text }) +
      emit('response.reasoning_summary_part.done', { ...partPlace, part })
    );
  }

  return {
    item,
    carry,
    start: () => emit('response.output_item.added', { output_index, item }),
    addSummary(text) {
      // Thoughts that follow others are set off by an empty line, which an item of its own does not need.
      const delta = part === undefined ? text.replace(/^\n+/, '') : text;
      if (delta === '') return '';
      const opened = part === undefined ? openPart() : '';
      if (part !== undefined) part.text += delta;
      return opened + emit('response.reasoning_summary_text.delta', { ...partPlace, delta });
    },
    end() {
      // Always there, also without `include`: nothing is stored here, so it is the client that must have it.
      const packed = packCarry(carry);
      if (packed !== undefined) item.encrypted_content = packed;
      return endPart() + emit('response.output_item.done', { output_index, item });
    },
  };
}
