/**
 * Temperature and its kin. Models after Claude 4.6 refuse them altogether, while most clients always send one: so they
 * are left out, without a word where the value is what the model does anyway.
 */
import type { ChatRequest, JsonValue } from '../../openai/types.ts';
import { isSet } from './json.ts';
import type { ModelTraits } from './models.ts';
import type { MessagesRequest, RequestPart } from './types.ts';

type Field = 'temperature' | 'top_p' | 'top_k';

/**
 * @param thinks The request turns thinking on, which leaves little room: "`temperature` may only be set to 1 when
 * thinking is enabled or in adaptive mode."
 */
export function toSampling(request: ChatRequest, { sampling }: ModelTraits, thinks: boolean): RequestPart {
  const fields: Partial<MessagesRequest> = {};
  const dropped: Field[] = [];
  const given = (field: Field): JsonValue | undefined => (isSet(request[field]) ? request[field] : undefined);
  const drop = (field: Field, isNoop: boolean): void => void (isNoop || dropped.push(field));

  function addTemperature(value: JsonValue): void {
    if (sampling === 'none' || thinks) return drop('temperature', value === 1);
    // OpenAI's scale ends at 2, Anthropic's at 1. Anthropic's own compatibility layer cuts, too.
    drop('temperature', !isOver(value, 1));
    fields.temperature = isOver(value, 1) ? 1 : (value as number);
  }

  function addTopP(value: JsonValue): void {
    if (sampling === 'none') return drop('top_p', isWithin(value, 0.99));
    if (thinks && !isWithin(value, 0.95)) return drop('top_p', false);
    // Claude 4.5: "`temperature` and `top_p` cannot both be specified for this model."
    if (sampling === 'one' && fields.temperature !== undefined) return drop('top_p', value === 1);
    fields.top_p = value as number;
  }

  function addTopK(value: JsonValue): void {
    if (sampling === 'none' || thinks) return drop('top_k', false);
    fields.top_k = value as number;
  }

  const [temperature, topP, topK] = [given('temperature'), given('top_p'), given('top_k')];
  if (temperature !== undefined) addTemperature(temperature);
  if (topP !== undefined) addTopP(topP);
  if (topK !== undefined) addTopK(topK);
  return { fields, dropped };
}

function isOver(value: JsonValue, limit: number): boolean {
  return typeof value === 'number' && value > limit;
}

function isWithin(value: JsonValue, least: number): boolean {
  return typeof value === 'number' && value >= least && value <= 1;
}
