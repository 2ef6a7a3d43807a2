/**
 * A compressed body is held and put back as it came; a copy is inflated to find the model. Compressed requests are
 * rare, and inflating cannot be done in the tick in which bytes must go back.
 */
import {
  faultOf,
  finish,
  hasArrived,
  HOST,
  invalidJson,
  isEmpty,
  NO_BYTES,
  offReadable,
  onReadable,
  putBack,
  refused,
  tooLarge,
  type BodyOutcome,
  type BodyTaker,
} from './body.ts';
import { createInflater, type Inflater } from './inflate.ts';
import { createJsonScanner } from './json-scanner.ts';

export function readCompressed(encoding: string, taker: BodyTaker): void {
  const { req, limit } = taker;
  // Decoded to text, compressed bytes are lost.
  if (req.readableEncoding !== null) return taker.settle(HOST);
  const chunks: Buffer[] = [];
  let size = 0;
  let done = false;
  // It stays until somebody else reads: a listener of the host's for `data` would have the body flow away meanwhile.
  const settle = (outcome: BodyOutcome): void => {
    offReadable(req, look);
    putBack(req, NO_BYTES);
    taker.settle(outcome);
  };
  const look = (): void => {
    if (done) return;
    if (size === 0 && isEmpty(req)) return settle(HOST);
    for (let chunk = req.read() as Buffer | null; chunk !== null; chunk = req.read() as Buffer | null) {
      chunks.push(chunk);
      size += chunk.length;
    }
    if (!hasArrived(req) && size <= limit) return;
    done = true;
    const held = Buffer.concat(chunks, size);
    putBack(req, held);
    const inflate = createInflater(encoding);
    if (inflate === undefined || size === 0) settle(HOST);
    else scanInflated(inflate, held, size > limit, taker, settle);
  };
  onReadable(taker, look);
}

/** @param incomplete There is more than `limit` of the compressed body alone: only a local request may pass. */
function scanInflated(
  inflate: Inflater,
  compressed: Buffer,
  incomplete: boolean,
  taker: BodyTaker,
  settled: (outcome: BodyOutcome) => void,
): void {
  const { limit } = taker;
  const scanner = createJsonScanner();
  const chunks: Buffer[] = [];
  let size = 0;
  let taken = false;
  let over = false;
  const settle = (outcome: BodyOutcome): void => {
    if (over) return;
    over = true;
    inflate.destroy();
    settled(outcome);
  };
  inflate.on('data', (chunk: Buffer) => {
    if (over) return;
    chunks.push(chunk);
    size += chunk.length;
    scanner.push(chunk);
    if (!taken && scanner.model !== undefined && scanner.model.end <= limit) {
      if (taker.takes(scanner.model.value) === 'host') return settle(HOST);
      taken = true;
    }
    const fault = taken ? faultOf(scanner) : undefined;
    if (fault !== undefined) settle(refused(fault));
    else if (size > limit || (taken && incomplete)) settle(taken ? refused(tooLarge(limit)) : HOST);
  });
  inflate.on('end', () =>
    settle(taken ? finish(Buffer.concat(chunks, size), scanner, 'application/json') : HOST),
  );
  inflate.on('error', (cause) =>
    settle(taken ? refused(invalidJson('the compressed body cannot be inflated', cause)) : HOST),
  );
  inflate.end(compressed);
}
