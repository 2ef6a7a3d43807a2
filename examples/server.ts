/** The quick start's load balancer: local models on your own nodes, `openai:`, `google:` and `anthropic:` in the clouds. */
import { existsSync, realpathSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { createPrefixRouter, requireApiKey, RouterError, type PrefixRouter } from 'llm-prefix-router';
import { createDashboard } from 'llm-prefix-router/dashboard';
import { createLocalBalancer, type LocalBalancer } from 'llm-prefix-router/local';
import { startEchoNode } from './echo-node.ts';
import { readServerConfig, StartError, USAGE, type ServerConfig } from './server-config.ts';
import { createDrain, type Drain } from './server-drain.ts';

/** What the app is made of. */
export interface ServerParts {
  readonly router: PrefixRouter;
  readonly balancer: LocalBalancer;
  readonly drain: Drain;
}

export interface RunningServer {
  /** `http://host:port` */
  readonly url: string;
  readonly port: number;
  readonly config: ServerConfig;
  readonly router: PrefixRouter;
  /**
   * New requests get 503, open ones may end within the grace time, then everything is closed.
   * @returns how many requests had to be cut.
   */
  shutDown(graceMs?: number): Promise<number>;
}

/** Where the server writes its lines. */
export type Log = Pick<Console, 'log' | 'warn'>;

export function createApp(config: ServerConfig, { router, balancer, drain }: ServerParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(drain.gate);
  const models = express.Router();
  models.use(router);
  models.use('/v1', balancer);
  // Behind a log-in of its own; its playground is let in by that log-in instead of a key.
  const { username, password } = config.admin;
  const { sessionSecret } = config;
  app.use(createDashboard({ router, username, password, sessionSecret, playground: models }));
  // From here on everything needs a key, so that no spelling of a path can lead around it.
  app.use(named('LB_API_KEYS', () => requireApiKey(config.apiKeys)));
  app.use(models);
  app.use(answerUnknownPath);
  app.use(answerBug);
  return app;
}

const answerUnknownPath: RequestHandler = (req, res) => {
  const error = new RouterError('request_refused', {
    message: `Unknown request URL: ${req.method} ${req.path}.`,
    status: 404,
    code: 'unknown_url',
  });
  res.status(error.status).json(error.toBody());
};

/** A bug: the details are for the log, not for the client. */
const answerBug: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  console.error(error);
  if (res.headersSent) return next(error);
  res.status(500).json({
    error: {
      message: 'The server failed to handle this request.',
      type: 'server_error',
      param: null,
      code: null,
    },
  });
};

/**
 * Starts the server, and an echo node with it where no local nodes are named.
 * @throws StartError, or a TypeError of the library, with a sentence for the operator.
 */
export async function startServer(
  env: NodeJS.ProcessEnv = process.env,
  log: Log = console,
): Promise<RunningServer> {
  const config = readServerConfig(env);
  const drain = createDrain();
  const echoNode = config.localNodes.length === 0 ? await startEchoNode() : undefined;
  try {
    const nodes = echoNode === undefined ? config.localNodes : [echoNode.url];
    const balancer = named('LOCAL_NODES', () => createLocalBalancer({ nodes }));
    const router = createPrefixRouter({ env, listLocalModels: () => balancer.listModels() });
    const server = createServer(createApp(config, { router, balancer, drain }));
    await listen(server, config);
    const { port } = server.address() as AddressInfo;
    const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
    for (const warning of config.warnings) log.warn(`Warning: ${warning}`);
    log.log(`Listening on ${url}`);
    return {
      url,
      port,
      config,
      router,
      async shutDown(graceMs = config.shutdownGraceMs) {
        const cut = await drain.drain(graceMs);
        const closed = new Promise((resolve) => server.close(resolve));
        server.closeAllConnections();
        await Promise.all([closed, router.close(), balancer.close()]);
        await echoNode?.close();
        return cut;
      },
    };
  } catch (error) {
    await echoNode?.close();
    throw error;
  }
}

/** The library's errors begin with its function; the operator knows the variable. */
function named<Part>(variable: string, make: () => Part): Part {
  try {
    return make();
  } catch (cause) {
    throw new StartError((cause as Error).message.replace(/^\w+:/, `${variable}:`), { cause });
  }
}

function listen(server: Server, { port, host }: ServerConfig): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      const another = port === 65_535 ? port - 1 : port + 1;
      reject(
        new StartError(
          taken
            ? `Port ${port} on ${host} is taken: choose another, e.g. PORT=${another}.`
            : `Cannot listen on ${host} port ${port}: ${error.message}.`,
          { cause: error },
        ),
      );
    });
    server.listen(port, host, resolve);
  });
}

/** Ends the process when it is asked to: the first time when all is answered, the second time at once. */
export function shutDownOnSignals(server: RunningServer, log: Log = console): void {
  let asked = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (asked) process.exit(1);
    asked = true;
    log.log(`${signal}: open requests may end within ${server.config.shutdownGraceMs / 1000} s.`);
    void server.shutDown().then((cut) => {
      log.log(cut === 0 ? 'All requests have ended.' : `${cut} request(s) had to be cut.`);
      process.exit(0);
    });
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
}

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help') || args.includes('-h')) return void process.stdout.write(USAGE);
  const [unknown] = args;
  if (unknown !== undefined) throw new StartError(`Unknown argument '${unknown}'. Try --help.`);
  shutDownOnSignals(await startServer());
}

/** Whether Node was started with this file, be it through a link. */
export function isMain(filename: string): boolean {
  const started = process.argv[1];
  return started !== undefined && existsSync(started) && realpathSync(started) === filename;
}

if (isMain(import.meta.filename)) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
