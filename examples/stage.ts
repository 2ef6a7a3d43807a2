/** What the examples play on: three simulated clouds on this machine. No key, no network, nothing spent. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startServer } from './server.ts';
import { DEFAULT_API_KEY } from './server-config.ts';
import { startSimulatedAnthropic } from './simulated-clouds/anthropic.ts';
import { startSimulatedGoogle } from './simulated-clouds/google.ts';
import type { SimulatedCloud } from './simulated-clouds/cloud.ts';
import { startSimulatedOpenAI } from './simulated-clouds/openai.ts';

export { isMain } from './server.ts';

/** Where an example writes what it has to say. */
export type Print = (line: string) => void;

export interface Clouds {
  /** What a router needs to find them, as variables of the environment. */
  readonly env: NodeJS.ProcessEnv;
  /** What each was sent, e.g. `POST /v1/messages`, oldest first. */
  readonly requests: () => Record<'openai' | 'google' | 'anthropic', string[]>;
  close(): Promise<void>;
}

export async function startClouds(): Promise<Clouds> {
  const openai = await startSimulatedOpenAI({ apiKey: 'sk-simulated' });
  const google = await startSimulatedGoogle({ apiKey: 'simulated' });
  const anthropic = await startSimulatedAnthropic({ apiKey: 'sk-ant-simulated' });
  const sentTo = ({ requests }: SimulatedCloud): string[] =>
    requests.map(({ method, path }) => `${method} ${path}`);
  return {
    env: {
      OPENAI_API_KEY: 'sk-simulated',
      OPENAI_BASE_URL: openai.url,
      GOOGLE_API_KEY: 'simulated',
      GOOGLE_API_BASE_URL: google.url,
      ANTHROPIC_API_KEY: 'sk-ant-simulated',
      ANTHROPIC_API_BASE_URL: anthropic.url,
    },
    requests: () => ({ openai: sentTo(openai), google: sentTo(google), anthropic: sentTo(anthropic) }),
    close: async () => void (await Promise.all([openai, google, anthropic].map((cloud) => cloud.close()))),
  };
}

/** A host, as its clients know it. */
export interface Host {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly apiKey: string;
}

/** The simulated clouds with the example server in front of them. */
export async function openStage(): Promise<Host & Omit<Clouds, 'env'>> {
  const clouds = await startClouds();
  const quiet = { log: () => {}, warn: () => {} };
  const server = await startServer({ ...clouds.env, PORT: '0' }, quiet);
  return {
    url: server.url,
    apiKey: DEFAULT_API_KEY,
    requests: clouds.requests,
    async close() {
      await server.shutDown(0);
      await clouds.close();
    },
  };
}

/** Plays an example that is a client: against the host at `$BASE_URL` with `$API_KEY`, else against a stage of its own. */
export async function onStage(main: (host: Host) => Promise<void>): Promise<void> {
  const { BASE_URL: url, API_KEY: apiKey = DEFAULT_API_KEY } = process.env;
  if (url !== undefined) return main({ url, apiKey });
  const stage = await openStage();
  try {
    await main(stage);
  } finally {
    await stage.close();
  }
}

/** Plays an example that is a host itself. */
export async function withClouds(main: (env: NodeJS.ProcessEnv) => Promise<void>): Promise<void> {
  const clouds = await startClouds();
  try {
    await main(clouds.env);
  } finally {
    await clouds.close();
  }
}

/** Serves an app on 127.0.0.1, on any free port, as long as `use` takes. */
export async function serve(app: RequestListener, use: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await use(`http://127.0.0.1:${port}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
