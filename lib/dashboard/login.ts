/** Logging in and out. */
import { rateLimit, type RateLimitRequestHandler } from 'express-rate-limit';
import type { Request } from 'express';
import { createCredentials } from './credentials.ts';
import { BadLogin, readLogin } from './login-body.ts';
import type { DashboardOptions } from './options.ts';
import { isJson, run, sendError, type Route } from './route.ts';
import type { Sessions } from './session.ts';

/** Failed log-ins an address may have within the time: enough for a bad memory, far too few for guessing. */
const MAX_FAILURES = 10;
const FAILURE_WINDOW_MS = 15 * 60 * 1000;

export function createLogIn({ username, password }: DashboardOptions, sessions: Sessions): Route {
  const isRight = createCredentials(username, password);
  const logIn: Route = async (req, res) => {
    const refusal = await findRefusal(req, isRight);
    if (refusal !== undefined) return sendError(res, ...refusal);
    sessions.open(req, res);
    res.json({ status: 'ok' });
  };
  // Made when somebody logs in: each has a timer that only the end of the process ends.
  let perAddress: RateLimitRequestHandler | undefined;
  let withoutAddress: RateLimitRequestHandler | undefined;
  return async (req, res, next) => {
    // A peer of a unix socket has no address, unless `trust proxy` gives it one: all of them count as one.
    const limit =
      req.ip === undefined ? (withoutAddress ??= createLimit(false)) : (perAddress ??= createLimit(true));
    await limit(req, res, (error?: unknown) =>
      error === undefined ? run(logIn, req, res, next) : next(error),
    );
  };
}

/** @param hasAddress Whether the library is to complain of clients without a valid address. */
function createLimit(hasAddress: boolean): RateLimitRequestHandler {
  return rateLimit({
    windowMs: FAILURE_WINDOW_MS,
    limit: MAX_FAILURES,
    standardHeaders: 'draft-7',
    legacyHeaders: false,
    skipSuccessfulRequests: true,
    handler: (_req, res) => sendError(res, 429, 'too_many_attempts', 'Too many failed log-ins. Please wait.'),
    validate: { ip: hasAddress, creationStack: false },
  });
}

export function createLogOut(sessions: Sessions): Route {
  return (req, res) => {
    sessions.close(req, res);
    res.json({ status: 'ok' });
  };
}

type Refusal = readonly [status: number, code: string, message: string];

async function findRefusal(
  req: Request,
  isRight: (username: string, password: string) => Promise<boolean>,
): Promise<Refusal | undefined> {
  if (!isJson(req)) return [415, 'not_json', 'Send the log-in as application/json.'];
  try {
    const { username, password } = await readLogin(req);
    if (await isRight(username, password)) return undefined;
    return [401, 'wrong_credentials', 'Wrong user name or password.'];
  } catch (error) {
    if (error instanceof BadLogin) return [error.status, 'invalid_login', error.message];
    throw error;
  }
}
