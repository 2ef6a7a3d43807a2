/** The paths this package serves. What differs between them stands here; what happens to a call stands in relay.ts. */
import { compileChecks, type BodyCheck } from '../openai/schema.ts';
import type { Endpoint } from '../providers/provider.ts';
import { chatCarrier, type ChatCarrier } from './carrier.ts';
import { COMPLETIONS_SCHEMA, completionsCarrier } from './completions.ts';
import { RESPONSES_SCHEMA, refuseBackground, responsesCarrier } from './responses/index.ts';

export interface EndpointSpec {
  readonly endpoint: Endpoint;
  /** What our conversions lean on. Applied only where a body is converted. */
  readonly check?: BodyCheck;
  readonly carrier?: ChatCarrier;
  /** A stream of this endpoint ends with `data: [DONE]`: one that does not was cut. */
  readonly endsWithDone: boolean;
  /** What only the last event of a good stream of this endpoint holds, or an error. The same holds without it. */
  readonly terminalEvent?: RegExp;
  /**
   * A check that a relayed body must pass too. Such a body is read whole and parsed, so only where nothing else helps.
   * @throws RouterError
   */
  readonly checkRelayed?: BodyCheck;
  /** The body may be `multipart/form-data`. */
  readonly forms?: true;
}

/**
 * Inside of a string the quotes would be escaped. Of type `error` can be what the request said of itself, in its metadata
 * for one, which the first event gives back: it counts at the beginning of an event.
 * https://platform.openai.com/docs/api-reference/responses-streaming
 */
const RESPONSES_END =
  /"type":\s*"response\.(?:completed|incomplete|failed)"|data: *\{\s*(?:"\w+":\s*"?[\w.-]*"?,\s*)*"(?:type":\s*"error"|error":)/;

/** By path below the mount. */
export function createEndpoints(): ReadonlyMap<string, EndpointSpec> {
  const checks = compileChecks({ completions: COMPLETIONS_SCHEMA, responses: RESPONSES_SCHEMA });
  const specs: EndpointSpec[] = [
    { endpoint: 'chat/completions', check: checks.chat, carrier: chatCarrier, endsWithDone: true },
    { endpoint: 'completions', check: checks.completions, carrier: completionsCarrier, endsWithDone: true },
    {
      endpoint: 'responses',
      check: checks.responses,
      carrier: responsesCarrier,
      checkRelayed: refuseBackground,
      terminalEvent: RESPONSES_END,
      endsWithDone: false,
    },
    { endpoint: 'embeddings', check: checks.embeddings, endsWithDone: false },
    { endpoint: 'moderations', endsWithDone: false },
    { endpoint: 'images/generations', endsWithDone: false },
    { endpoint: 'images/edits', endsWithDone: false, forms: true },
    { endpoint: 'images/variations', endsWithDone: false, forms: true },
    { endpoint: 'audio/speech', endsWithDone: false },
    { endpoint: 'audio/transcriptions', endsWithDone: false, forms: true },
    { endpoint: 'audio/translations', endsWithDone: false, forms: true },
  ];
  return new Map(specs.map((spec) => [`/v1/${spec.endpoint}`, spec]));
}
