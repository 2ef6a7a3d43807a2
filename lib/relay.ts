/** The corridor: one cloud call, door to door. Only `send` waits for the network, only `reply` writes to the client. */
import { setImmediate } from 'node:timers/promises';
import { answerConverted } from './answer.ts';
import type { CloudSettings } from './config.ts';
import type { EndpointSpec } from './endpoints/index.ts';
import { RouterError } from './errors.ts';
import type { KeySource } from './keys.ts';
import { pass } from './pass.ts';
import { RELAY, type Conversion, type Meta, type Provider } from './providers/provider.ts';
import type { Reply } from './reply.ts';
import { Sender, type Call, type Cloud } from './sender.ts';
import type { Cancellation } from './transport/cancellation.ts';
import type { OpenRecord } from './status/record.ts';

/**
 * @param refuseDropped `unsupportedParams: 'error'`.
 * @throws RouterError for whatever goes wrong, also after the head of a stream is out.
 */
export async function relay(
  call: Call,
  cloud: Cloud,
  refuseDropped: boolean,
  reply: Reply,
  record: OpenRecord,
): Promise<void> {
  const { provider } = cloud.settings;
  const { spec, model } = call;
  provider.checkModel?.(model.model);
  const own = provider.endpoints[spec.endpoint];
  const conversion = own ?? (spec.carrier && provider.endpoints['chat/completions']);
  if (conversion === undefined) throw unsupportedEndpoint(spec, provider.name);
  const key = readKey(cloud.settings, call.cancellation);
  const apiKey = typeof key === 'string' ? key : await key;
  const sender = new Sender(call, cloud, apiKey, record);
  const answering =
    conversion === RELAY
      ? relayBytes(sender, reply)
      : relayConverted(sender, conversion, cloud.settings.baseUrl, refuseDropped, reply);
  // Not awaited, neither here nor in the functions it comes from: what a function holds while it waits is held for as
  // long as a stream takes.
  return answering.catch((error: unknown) => {
    throw error instanceof RouterError ? sender.describe(error) : error;
  });
}

/** For a cloud with a wire of its own. */
async function relayConverted(
  sender: Sender,
  conversion: Conversion,
  baseUrl: string,
  refuseDropped: boolean,
  reply: Reply,
): Promise<void> {
  const { spec, model, body, created } = sender.call;
  if (sender.isLarge) await setImmediate();
  const request = body.toJson(model.model);
  if (sender.isLarge) await setImmediate();
  spec.check?.(request);
  const meta: Meta = { model: model.model, baseUrl, created, stream: request['stream'] === true };
  sender.record.stream = meta.stream;
  return answerConverted({ request, meta, conversion, carrier: spec.carrier, refuseDropped }, sender, reply);
}

async function relayBytes(sender: Sender, reply: Reply): Promise<void> {
  const { spec, body, model } = sender.call;
  if (spec.checkRelayed !== undefined) spec.checkRelayed(body.peek());
  const upstream = await sender.send(body.toUpload(model.model), false);
  if (upstream.status < 300) return pass(upstream, sender, reply);
  const { error, bytes } = await sender.readError(upstream);
  if (error !== undefined) throw error;
  sender.record.complete = true;
  reply.send(upstream.status, sender.clientHeaders(upstream), bytes);
}

/** A promise only where the host's function gives one. @throws RouterError `api_key_missing` */
function readKey(
  { provider, key, timeouts }: CloudSettings,
  cancellation: Cancellation,
): string | Promise<string> {
  let value;
  try {
    value = key.read();
  } catch (cause) {
    throw keyMissing(provider, key, cause);
  }
  if (typeof value === 'string') return value;
  return inTime(Promise.resolve(value), timeouts.connectMs, cancellation).then(
    (late) => late ?? Promise.reject(keyMissing(provider, key)),
    (cause: unknown) => Promise.reject(keyMissing(provider, key, cause)),
  );
}

/** The host's function may never settle: a call whose client has left, or that nobody can make, ends all the same. */
async function inTime<Value>(value: Promise<Value>, ms: number, cancellation: Cancellation): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const givenUp = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`The apiKey function gave no key within ${ms} ms.`)), ms);
    cancellation.listener = { giveUp: reject };
  });
  try {
    return await Promise.race([value, givenUp]);
  } finally {
    clearTimeout(timer);
    cancellation.listener = undefined;
  }
}

function keyMissing({ name }: Provider, { hint }: KeySource, cause?: unknown): RouterError {
  return new RouterError('api_key_missing', { message: `${name} API key not configured`, hint, cause });
}

function unsupportedEndpoint(spec: EndpointSpec, name: string): RouterError {
  return new RouterError('unsupported_endpoint', {
    message: `${name} has no counterpart of /v1/${spec.endpoint}.`,
    param: 'model',
  });
}
