/** A request in another cloud's form, and its answer brought back in OpenAI's. */
import { streamConverted } from './converted-stream.ts';
import type { ChatCarrier } from './endpoints/carrier.ts';
import { RouterError } from './errors.ts';
import { restoreNumbers } from './openai/exact-json.ts';
import { toUsage } from './openai/usage-tail.ts';
import type { ChatCompletion, JsonObject } from './openai/types.ts';
import type { CloudRequest, Conversion, Meta } from './providers/provider.ts';
import type { Sender } from './sender.ts';
import type { Reply } from './reply.ts';
import { FATE_UNKNOWN } from './transport/failures.ts';
import { readBody } from './transport/read.ts';

/** What is asked and by which conversion. */
export interface Plan {
  readonly request: JsonObject;
  readonly meta: Meta;
  readonly conversion: Conversion;
  /** Set where the conversion is chat's: how this endpoint is carried over it. */
  readonly carrier: ChatCarrier | undefined;
  readonly refuseDropped: boolean;
}

/** @throws RouterError for whatever goes wrong, also after the head of a stream is out. */
export async function answerConverted(plan: Plan, sender: Sender, reply: Reply): Promise<void> {
  const { meta, conversion, carrier } = plan;
  const request: JsonObject = carrier?.toChat(plan.request) ?? plan.request;
  const parts = conversion.batch?.split(request) ?? [request];
  // All are converted before the first is sent: a request that cannot be served costs nothing.
  const bodies = parts.map((part) => convert(part, plan));
  const dropped = droppedFrom(bodies);
  if (plan.refuseDropped && dropped.length > 0) throw refusal(dropped, sender.name);
  sender.record.dropped = dropped;
  const answers: object[] = [];
  let headers: Record<string, string> = {};
  let convertMs = 0;
  try {
    for (let index = 0; index < bodies.length; index += 1) {
      const upstream = await sender.sendConverted((bodies[index] as CloudRequest).body, meta.stream);
      headers = withDropped(sender.clientHeaders(upstream), dropped);
      const { model, baseUrl, created, stream } = meta;
      const asked = parts[index] ?? request;
      const answerMeta = { model, baseUrl, created, stream, request: asked, headers: upstream.headers };
      if (meta.stream && conversion.createStream !== undefined && carrier !== undefined) {
        const chunks = conversion.createStream(answerMeta);
        const writer = carrier.createWriter(chunks, plan.request, meta);
        return streamConverted({ stream: chunks, writer, upstream, headers, sender, reply });
      }
      const answer = parse(await readBody(upstream), conversion, sender.name);
      const startedMs = performance.now();
      answers.push(conversion.toResponse(answer, answerMeta));
      convertMs += performance.now() - startedMs;
    }
  } catch (error) {
    throw answers.length === 0 ? error : afterOthers(error, answers, plan, sender);
  }
  sendWhole(joined(answers, plan), plan, headers, convertMs, sender, reply);
}

function joined(answers: object[], { conversion }: Plan): object {
  const [first = {}] = answers;
  return answers.length > 1 && conversion.batch !== undefined ? conversion.batch.join(answers) : first;
}

/** The parts before it are paid: they are recorded, and no SDK is to ask for them again by itself. */
function afterOthers(error: unknown, answers: object[], plan: Plan, sender: Sender): unknown {
  sender.record.usage = toUsage((joined(answers, plan) as { usage?: unknown }).usage);
  return error instanceof RouterError
    ? error.with({ headers: { ...error.headers, ...FATE_UNKNOWN } })
    : error;
}

/** In nearly all requests there is nothing. */
function droppedFrom(bodies: readonly CloudRequest[]): readonly string[] {
  const [first] = bodies;
  if (bodies.length === 1 && first !== undefined && first.dropped.length < 2) return first.dropped;
  return [...new Set(bodies.flatMap((converted) => converted.dropped))];
}

/** @throws RouterError that names the fields as the client wrote them, also where they were carried over chat. */
function convert(request: JsonObject, { conversion, meta, carrier, request: asked }: Plan): CloudRequest {
  const toParam = (param: string): string => carrier?.toParam?.(param, asked) ?? param;
  try {
    const converted = conversion.toRequest(request, meta);
    if (converted.dropped.length === 0) return converted;
    return { body: converted.body, dropped: converted.dropped.map(toParam) };
  } catch (error) {
    if (!(error instanceof RouterError) || error.param === null) throw error;
    const param = toParam(error.param);
    throw error.with({ param, message: error.message.replaceAll(`'${error.param}`, `'${param}`) });
  }
}

function sendWhole(
  answer: object,
  plan: Plan,
  headers: Record<string, string>,
  convertMs: number,
  sender: Sender,
  reply: Reply,
): void {
  const { model, usage } = answer as { model?: string; usage?: unknown };
  sender.record.billedModel = model;
  sender.record.usage = toUsage(usage);
  sender.record.complete = true;
  const body = plan.carrier?.toAnswer(answer as ChatCompletion, plan.request, plan.meta) ?? answer;
  headers['server-timing'] += `, convert;dur=${convertMs.toFixed(1)}`;
  headers['content-type'] = 'application/json; charset=utf-8';
  reply.send(200, headers, restoreNumbers(JSON.stringify(body)));
}

/** @throws RouterError `provider_error` for an answer that is cut or no JSON. */
function parse(bytes: Buffer, conversion: Conversion, name: string): unknown {
  const text = bytes.toString('utf8');
  try {
    return conversion.parseAnswer === undefined ? JSON.parse(text) : conversion.parseAnswer(text);
  } catch (cause) {
    throw new RouterError('provider_error', {
      message: `${name} sent an answer that is no JSON.`,
      headers: FATE_UNKNOWN,
      cause,
    });
  }
}

function refusal(dropped: readonly string[], name: string): RouterError {
  return new RouterError('unsupported_parameter', {
    message: `${name} has no counterpart of '${dropped.join("', '")}', and this server refuses what it cannot pass on.`,
    param: dropped[0] ?? null,
  });
}

/** How many names the header holds: a request can hold thousands. */
const MAX_NAMED = 20;

function withDropped(headers: Record<string, string>, dropped: readonly string[]): Record<string, string> {
  if (dropped.length === 0) return headers;
  const names = dropped.slice(0, MAX_NAMED).map(toToken);
  if (dropped.length > MAX_NAMED) names.push(`+${dropped.length - MAX_NAMED}`);
  headers['x-prefix-router-dropped'] = names.join(',');
  return headers;
}

/** `messages[0].content[1]` is `messages.0.content.1`: a client's field name must not write a header of its own. */
function toToken(name: string): string {
  return name
    .replaceAll(/\[(\d+)\]/g, '.$1')
    .replaceAll(/[^!#$%&'*+\-.^_`|~0-9A-Za-z]/g, '_')
    .slice(0, 100);
}
