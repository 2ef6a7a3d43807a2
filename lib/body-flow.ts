/**
 * A body on its way to a cloud while it still arrives: scanned as it flows, and never completed if it turns out to be
 * no valid request. So megabytes of images need no memory here, and the upload overlaps with the one to the cloud.
 */
import { Readable } from 'node:stream';
import {
  exchangeModel,
  faultOf,
  hasArrived,
  NO_BYTES,
  tooLarge,
  type BodyScanner,
  type BodyTaker,
  type CloudBody,
  type FoundModel,
  type HostRequest,
  type Upload,
} from './body.ts';
import { toBytes } from './body-raw.ts';

export class FlowBody implements CloudBody {
  readonly #taker: BodyTaker;
  readonly #scanner: BodyScanner;
  readonly #contentType: string;
  #head: Buffer;

  /** @param head What has been read so far; the model is in it. */
  constructor(taker: BodyTaker, head: Buffer, scanner: BodyScanner, contentType: string) {
    this.#taker = taker;
    this.#head = head;
    this.#scanner = scanner;
    this.#contentType = contentType;
  }

  toUpload(model: string): Upload {
    const announced = this.#taker.headers['content-length'];
    const head = this.#head;
    this.#head = NO_BYTES;
    const first = exchangeModel(head, this.#scanner.model as FoundModel, model);
    const cut = head.length - first.length;
    return {
      body: new FlowingBytes(this.#taker, first, head.length, this.#scanner),
      length: announced === undefined ? undefined : Number(announced) - cut,
      contentType: this.#contentType,
    };
  }

  toJson(): never {
    throw flowsOnly();
  }

  peek(): never {
    throw flowsOnly();
  }
}

function flowsOnly(): TypeError {
  return new TypeError('A body that flows cannot be read as data.');
}

class FlowingBytes extends Readable {
  readonly #req: HostRequest;
  readonly #scanner: BodyScanner;
  readonly #limit: number;
  /** The newest piece: held until the next one, or the end, has shown that the body may go on. */
  #held: Buffer;
  #size: number;
  /** Bytes, as the client says; -1 where it does not. */
  readonly #announced: number;
  #wanted = false;
  readonly #onReadable = (): void => {
    if (this.#wanted) this.#pull();
  };
  readonly #onClose = (): void => {
    if (!hasArrived(this.#req)) this.destroy(new Error('The client left while it sent its request.'));
  };

  constructor({ req, headers, limit }: BodyTaker, first: Buffer, size: number, scanner: BodyScanner) {
    super({ highWaterMark: 128 * 1024 });
    this.#req = req;
    this.#held = first;
    this.#size = size;
    this.#scanner = scanner;
    this.#limit = limit;
    this.#announced = Number(headers['content-length'] ?? -1);
    req.on('readable', this.#onReadable);
    req.once('close', this.#onClose);
  }

  override _read(): void {
    this.#wanted = true;
    this.#pull();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#req.removeListener('readable', this.#onReadable);
    this.#req.removeListener('close', this.#onClose);
    // What the client still sends is of no use to anybody; it has to be read for the connection to live on.
    this.#req.resume();
    callback(error);
  }

  #pull(): void {
    for (let chunk = this.#next(); chunk !== null; chunk = this.#next()) {
      this.#scanner.push(chunk);
      this.#size += chunk.length;
      if (this.#isFaulty()) return;
      const piece = this.#held;
      this.#held = chunk;
      if (!this.push(piece)) {
        this.#wanted = false;
        return;
      }
    }
    if (this.#size === this.#announced || hasArrived(this.#req)) this.#finish();
  }

  #next(): Buffer | null {
    return toBytes(this.#req, this.#req.read());
  }

  #finish(): void {
    this.#req.removeListener('readable', this.#onReadable);
    this.#scanner.end();
    if (this.#isFaulty()) return;
    this.push(this.#held);
    this.#held = NO_BYTES;
    this.push(null);
  }

  #isFaulty(): boolean {
    const fault = this.#size > this.#limit ? tooLarge(this.#limit) : faultOf(this.#scanner);
    if (fault !== undefined) this.destroy(fault);
    return fault !== undefined;
  }
}
