/** What undici and the operating system report, as the errors of our table. */
import { RouterError } from '../errors.ts';
import type { Timeouts } from '../providers/provider.ts';

/** How far a call had come when it broke: what decides whether a client may safely try again. */
export type Progress = 'connecting' | 'waiting' | 'answering';

/**
 * @param cloud The cloud's name for the sentence. The host is never named: it can be the operator's own.
 */
export function toTransportError(
  error: unknown,
  cloud: string,
  progress: Progress,
  timeouts: Timeouts,
): RouterError {
  if (error instanceof RouterError) return error;
  switch (codeOf(error)) {
    case 'UND_ERR_CONNECT_TIMEOUT':
      return timedOut(`${cloud} accepted no connection within ${seconds(timeouts.connectMs)}.`, false, error);
    case 'UND_ERR_HEADERS_TIMEOUT':
      return timedOut(`${cloud} sent no answer within ${seconds(timeouts.firstByteMs)}.`, true, error);
    case 'UND_ERR_BODY_TIMEOUT':
      return timedOut(
        `${cloud} stopped sending in the middle of its answer for ${seconds(timeouts.idleMs)}.`,
        true,
        error,
      );
    default:
      return broken(cloud, progress, error);
  }
}

/** The headers of a failure after which a second try could be paid twice: OpenAI's SDKs obey them. */
export const FATE_UNKNOWN: Readonly<Record<string, string>> = { 'x-should-retry': 'false' };

function timedOut(message: string, sent: boolean, cause: unknown): RouterError {
  return new RouterError('timeout', { message, cause, ...(sent && { headers: FATE_UNKNOWN }) });
}

function broken(cloud: string, progress: Progress, cause: unknown): RouterError {
  switch (progress) {
    case 'connecting':
      return new RouterError('provider_unreachable', { message: `${cloud} could not be reached.`, cause });
    case 'waiting':
      return new RouterError('provider_error', {
        message: `${cloud} closed the connection without a valid answer.`,
        headers: FATE_UNKNOWN,
        cause,
      });
    case 'answering':
      return new RouterError('stream_interrupted', {
        message: `${cloud} broke off before the answer was complete.`,
        headers: FATE_UNKNOWN,
        cause,
      });
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

function seconds(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`;
}
