/** The session: a signed cookie that says until when it holds. Nothing is kept, so every replica accepts it. */
import { createHmac } from 'node:crypto';
import { sign, unsign } from 'cookie-signature';
import type { Request, Response } from 'express';

const COOKIE = 'llm_prefix_router_session';
const LIFETIME_MS = 12 * 60 * 60 * 1000;

export interface Sessions {
  open(req: Request, res: Response): void;
  close(req: Request, res: Response): void;
  isOpen(req: Request): boolean;
}

interface SessionOptions {
  readonly sessionSecret: string;
  readonly username: string;
  readonly password: string;
}

export function createSessions({ sessionSecret, username, password }: SessionOptions): Sessions {
  // A key of its own: no other cookie that the host signs with this secret is a session here, and a new password ends all sessions.
  const key = createHmac('sha256', sessionSecret)
    .update(JSON.stringify(['llm-prefix-router dashboard', username, password]))
    .digest();
  return {
    open(req, res) {
      const value = sign(`until.${Date.now() + LIFETIME_MS}`, key);
      res.cookie(COOKIE, value, { ...cookieOptions(req), maxAge: LIFETIME_MS });
    },
    close: (req, res) => void res.clearCookie(COOKIE, cookieOptions(req)),
    isOpen: (req) => readCookies(req.headers.cookie).some((value) => holds(unsign(value, key))),
  };
}

function cookieOptions(req: Request): { httpOnly: true; sameSite: 'strict'; secure: boolean; path: string } {
  return { httpOnly: true, sameSite: 'strict', secure: req.secure, path: req.baseUrl || '/' };
}

function holds(signed: string | false): boolean {
  const [, until] = /^until\.(\d{1,15})$/.exec(signed || '') ?? [];
  return Number(until) > Date.now();
}

/** All values under our name: a host can have several dashboards, and a browser sends the cookies of outer paths too. */
function readCookies(header: string | undefined): string[] {
  return (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${COOKIE}=`))
    .map((pair) => decodeQuietly(pair.slice(COOKIE.length + 1)));
}

function decodeQuietly(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
