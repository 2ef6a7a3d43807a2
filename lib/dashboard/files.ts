/** Serves the page: a fixed set of texts held in memory, so that a path is only ever looked up. */
import { gzipSync } from 'node:zlib';
import type { Request, Response } from 'express';

/** Text by file name. `index.html` and `login.html` are pages, all others assets with a hash in their name. */
export type PageFiles = { readonly [name: string]: string };

/** @returns false where there is no such file. */
export type SendFile = (name: string, req: Request, res: Response) => boolean;

const TYPES: ReadonlyMap<string, string> = new Map([
  ['html', 'text/html; charset=utf-8'],
  ['js', 'text/javascript; charset=utf-8'],
  ['css', 'text/css; charset=utf-8'],
  ['svg', 'image/svg+xml'],
]);

export function createFiles(files: PageFiles): SendFile {
  const known = new Map(Object.entries(files).map(([name, text]) => [name, toFile(name, text)]));
  return (name, req, res) => {
    const file = known.get(name);
    if (file === undefined) return false;
    const zipped = req.acceptsEncodings('gzip') === 'gzip';
    if (zipped) res.setHeader('content-encoding', 'gzip');
    res.setHeader('vary', 'accept-encoding');
    res.setHeader('content-type', file.type);
    if (!name.endsWith('.html')) res.setHeader('cache-control', 'public, max-age=31536000, immutable');
    const body = zipped ? file.gzip : file.plain;
    res.setHeader('content-length', body.length);
    res.end(body);
    return true;
  };
}

function toFile(name: string, text: string): { type: string; plain: Buffer; gzip: Buffer } {
  const plain = Buffer.from(text);
  const type = TYPES.get(name.slice(name.lastIndexOf('.') + 1)) ?? 'text/plain; charset=utf-8';
  return { type, plain, gzip: gzipSync(plain, { level: 9 }) };
}
