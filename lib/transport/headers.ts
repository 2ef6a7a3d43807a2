/**
 * Which headers cross the router, in either direction. Both are lists of what may pass: a header nobody thought of
 * stays where it is (a client's cookie, an upstream's key that is echoed back, the operator's account id).
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { ResponseHeaders } from '../providers/provider.ts';

/** From the client to a cloud. Nothing here can name a host, a key or an account. */
const TO_CLOUD = [
  'accept',
  'openai-beta',
  'anthropic-beta',
  'idempotency-key',
  'x-client-request-id',
] as const;

/** From a cloud to the client, beside the rate-limit families below. */
const TO_CLIENT = new Set([
  'content-type',
  'retry-after',
  'retry-after-ms',
  'x-request-id',
  'request-id',
  'x-should-retry',
  'openai-processing-ms',
  'openai-version',
]);

/** Adds the client's headers that a cloud may see to those of a call. */
export function addCloudHeaders(sent: Record<string, string>, headers: IncomingHttpHeaders): void {
  for (const name of TO_CLOUD) {
    const value = headers[name];
    if (typeof value === 'string') sent[name] = value;
  }
}

/** The cloud's headers that the client may see. */
export function toClientHeaders(headers: ResponseHeaders): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (typeof value === 'string' && mayReachClient(name)) passed[name] = value;
  }
  return passed;
}

function mayReachClient(name: string): boolean {
  return TO_CLIENT.has(name) || name.startsWith('x-ratelimit-') || name.startsWith('anthropic-ratelimit-');
}
