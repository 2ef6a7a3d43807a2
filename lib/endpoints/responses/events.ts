/** The events of a streamed response, numbered from 0. */

/** The text of one event. */
export type Emit = (type: string, fields: object) => string;

export function createEmit(): Emit {
  let next = 0;
  return (type, fields) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: next++, ...fields })}\n\n`;
}

/** For an answer in one piece: its items are put together by the same steps, but nobody listens. */
export const silent: Emit = () => '';

/** Where an item stands: in its own events, and in those of its parts. */
export interface ItemPlace {
  readonly item_id: string;
  readonly output_index: number;
}

/** An item of the output that is being written. */
export interface ItemStream<Item> {
  readonly item: Item;
  /** The events that begin it. */
  start(): string;
  /** The events that end it. */
  end(status: 'completed' | 'incomplete'): string;
}
