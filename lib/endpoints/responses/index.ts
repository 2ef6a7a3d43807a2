/**
 * `POST /v1/responses` for clouds that know chat only. Without a store: the client sends the whole conversation each
 * time, and gets everything it needs for that.
 */
import type { ChatCarrier } from '../carrier.ts';
import { toAnswer } from './answer.ts';
import { toParam } from './params.ts';
import { toChat } from './request.ts';
import { createWriter } from './writer.ts';

export { refuseBackground } from './background.ts';
export { RESPONSES_SCHEMA } from './schema.ts';

export const responsesCarrier: Required<ChatCarrier> = {
  toChat,
  toAnswer,
  createWriter,
  toParam,
};
