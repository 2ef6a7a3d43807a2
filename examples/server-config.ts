/** The example server's settings, from the environment. */
import { randomBytes } from 'node:crypto';

export interface ServerConfig {
  readonly port: number;
  readonly host: string;
  /** What the server's own clients send as `Authorization: Bearer`. */
  readonly apiKeys: readonly string[];
  readonly admin: { readonly username: string; readonly password: string };
  /** Signs the dashboard's session cookies. */
  readonly sessionSecret: string;
  /** Base URLs; empty: an echo node is started with the server. */
  readonly localNodes: readonly string[];
  readonly shutdownGraceMs: number;
  /** One sentence for each default that nobody should rely on. */
  readonly warnings: readonly string[];
}

/** A server that cannot start; the message is one clear sentence. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

export const DEFAULT_API_KEY = 'sk-your-api-key';
const DEFAULT_USERNAME = 'admin';
const DEFAULT_PASSWORD = 'test';
const TEXTS = ['LB_API_KEYS', 'ADMIN_USERNAME', 'ADMIN_PASSWORD', 'SESSION_SECRET', 'LOCAL_NODES'] as const;

/** Characters. */
const SHORTEST_PASSWORD = 8;
const SHORTEST_SECRET = 32;

/**
 * @throws StartError for a value that cannot be meant, and with NODE_ENV=production for any default and for what is
 * short enough to be guessed.
 */
export function readServerConfig(env: NodeJS.ProcessEnv): ServerConfig {
  for (const variable of TEXTS) refuseQuotes(variable, env[variable]);
  const apiKeys = readList(env.LB_API_KEYS) ?? [DEFAULT_API_KEY];
  const username = read(env.ADMIN_USERNAME);
  const password = read(env.ADMIN_PASSWORD) ?? DEFAULT_PASSWORD;
  const sessionSecret = read(env.SESSION_SECRET);
  const localNodes = readList(env.LOCAL_NODES);

  // A default that is typed out is as well known as one that is left out.
  const defaults: [variable: string, warning: string][] = [];
  if (apiKeys.includes(DEFAULT_API_KEY)) {
    defaults.push(['LB_API_KEYS', `clients are let in with the well-known key ${DEFAULT_API_KEY}`]);
  }
  if (username === undefined) defaults.push(['ADMIN_USERNAME', `the administrator is '${DEFAULT_USERNAME}'`]);
  if (password === DEFAULT_PASSWORD) {
    defaults.push(['ADMIN_PASSWORD', `the administrator's password is the well-known '${DEFAULT_PASSWORD}'`]);
  }
  if (sessionSecret === undefined) {
    defaults.push(['SESSION_SECRET', 'a random one is used, and a restart ends every session']);
  }
  if (localNodes === undefined) {
    defaults.push(['LOCAL_NODES', 'an embedded echo node answers for the local models']);
  }
  if (env.NODE_ENV === 'production') {
    checkProduction(
      defaults.map(([variable]) => variable),
      password,
      sessionSecret,
    );
  }
  return {
    port: readNumber('PORT', env.PORT, 8080, 65_535),
    host: read(env.HOST) ?? (defaults.length > 0 ? '127.0.0.1' : '0.0.0.0'),
    apiKeys,
    admin: { username: username ?? DEFAULT_USERNAME, password },
    sessionSecret: sessionSecret ?? randomBytes(32).toString('hex'),
    localNodes: localNodes ?? [],
    shutdownGraceMs: 1000 * readNumber('SHUTDOWN_GRACE_SECONDS', env.SHUTDOWN_GRACE_SECONDS, 30, 86_400),
    warnings: defaults.map(([variable, warning]) => `${variable} is the default: ${warning}.`),
  };
}

/** @throws StartError that names all that nobody may rely on. */
function checkProduction(defaults: readonly string[], password: string, sessionSecret = ''): void {
  const faults: string[] = [];
  if (defaults.length > 0) {
    faults.push(`NODE_ENV=production does not start on defaults: set ${joinWords(defaults)}.`);
  }
  if (password.length < SHORTEST_PASSWORD && !defaults.includes('ADMIN_PASSWORD')) {
    faults.push(
      `NODE_ENV=production needs an ADMIN_PASSWORD of ${SHORTEST_PASSWORD} characters or more, which nobody can guess.`,
    );
  }
  if (sessionSecret.length < SHORTEST_SECRET && !defaults.includes('SESSION_SECRET')) {
    faults.push(
      `NODE_ENV=production needs a SESSION_SECRET of ${SHORTEST_SECRET} characters or more, which nobody can guess. Make one with: node -p "crypto.randomBytes(32).toString('hex')"`,
    );
  }
  if (faults.length > 0) throw new StartError(faults.join(' '));
}

/** Blank is not set. */
function read(value: string | undefined): string | undefined {
  return value?.trim() || undefined;
}

function readList(value: string | undefined): string[] | undefined {
  const items = (value ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  return items.length > 0 ? items : undefined;
}

/** They would be a part of the key, the password or the first and the last URL. */
function refuseQuotes(variable: string, value = ''): void {
  if (!/^(["']).*\1$/s.test(value.trim())) return;
  throw new StartError(
    `${variable} begins and ends with a quotation mark. Some tools, docker --env-file for one, keep quotes as part of the value: write it without them.`,
  );
}

function readNumber(name: string, value: string | undefined, otherwise: number, largest: number): number {
  const text = read(value);
  if (text === undefined) return otherwise;
  if (/^\d{1,9}$/.test(text) && Number(text) <= largest) return Number(text);
  throw new StartError(`${name} must be a whole number from 0 to ${largest}, not '${text}'.`);
}

function joinWords(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

export const USAGE = `llm-prefix-router example server: the load balancer of the quick start.

  npm start              builds and runs it
  npm start -- --help    shows this text

Server
  PORT                    8080
  HOST                    127.0.0.1 while a default below is in use, else 0.0.0.0
  LB_API_KEYS             ${DEFAULT_API_KEY}   keys of the clients, separated by commas
  ADMIN_USERNAME          ${DEFAULT_USERNAME}             log-in of the dashboard
  ADMIN_PASSWORD          ${DEFAULT_PASSWORD}
  SESSION_SECRET          random            signs the sessions of the dashboard
  LOCAL_NODES             an echo node      base URLs of OpenAI-compatible nodes, separated by commas
  SHUTDOWN_GRACE_SECONDS  30                so long open streams may go on after SIGTERM
  NODE_ENV                with 'production' the server does not start on any of the defaults for
                          LB_API_KEYS, ADMIN_USERNAME, ADMIN_PASSWORD, SESSION_SECRET, LOCAL_NODES,
                          nor on a password of fewer than ${SHORTEST_PASSWORD} or a secret of fewer than ${SHORTEST_SECRET} characters

Clouds (one without a key is not configured)
  OPENAI_API_KEY          OPENAI_BASE_URL         https://api.openai.com/v1
  GOOGLE_API_KEY          GOOGLE_API_BASE_URL     https://generativelanguage.googleapis.com/v1beta
  ANTHROPIC_API_KEY       ANTHROPIC_API_BASE_URL  https://api.anthropic.com/v1
  Each key also as a file: OPENAI_API_KEY_FILE, GOOGLE_API_KEY_FILE, ANTHROPIC_API_KEY_FILE

  PREFIX_ROUTER_PRICES_FILE   JSON with prices of your own, for the estimates of cost (see the README)
  DEBUG=llm-prefix-router:*   log lines: where each request goes; never keys, prompts or answers
`;
