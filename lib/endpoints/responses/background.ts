/** The one thing about a response that even OpenAI cannot be asked for through here. */
import type { JsonObject } from '../../openai/types.ts';
import { unsupported } from './refusals.ts';

/**
 * A background response is fetched later by its id, on a path that carries no model and so no prefix.
 * @throws RouterError `unsupported_parameter`
 */
export function refuseBackground(request: JsonObject): void {
  if (request['background'] !== true) return;
  throw unsupported(
    'background',
    "'background' is not supported here: the answer would have to be fetched on a path without a model, which cannot be routed",
    'Leave `background` out, and stream the answer if it takes long.',
  );
}
