/** What the demo plays on: three simulated clouds, the example server in front of them, and one without a key. */
import type { RecordedRequest, SimulatedCloud } from './simulated-clouds/cloud.ts';
import { startSimulatedAnthropic } from './simulated-clouds/anthropic.ts';
import { startSimulatedGoogle } from './simulated-clouds/google.ts';
import { startSimulatedOpenAI, type SimulatedOpenAI } from './simulated-clouds/openai.ts';
import { CLIENT_KEY } from './demo-client.ts';
import { startServer, type RunningServer } from './server.ts';

/** What a cloud was sent. */
export interface Sent {
  readonly cloud: string;
  readonly request: string;
  /** Whose key came with it. */
  readonly key: string;
  readonly body: unknown;
}

export interface Stage {
  readonly server: RunningServer;
  /** The same clouds, but nobody has set ANTHROPIC_API_KEY. */
  readonly withoutAnthropic: RunningServer;
  readonly openai: SimulatedOpenAI;
  /** Name and address of each simulated cloud. */
  readonly clouds: readonly { readonly name: string; readonly url: string }[];
  /** What the clouds were sent since the last call. */
  takeSent(): Sent[];
  close(): Promise<void>;
}

interface Cloud {
  readonly name: string;
  readonly simulated: SimulatedCloud;
  readonly keyHeader: string;
  readonly keyValue: string;
}

const KEYS = { openai: 'sk-demo-openai', google: 'demo-google', anthropic: 'sk-ant-demo' };

const quiet = { log: () => {}, warn: () => {} };

/**
 * @param env Of it only PORT and HOST count: the demo must not depend on what else is set, least of all on real keys.
 * @param pauseMs Between the events of a stream.
 * @throws StartError where the port is taken.
 */
export async function openStage(env: NodeJS.ProcessEnv, pauseMs: number): Promise<Stage> {
  const openai = await startSimulatedOpenAI({ apiKey: KEYS.openai, pauseMs });
  const google = await startSimulatedGoogle({ apiKey: KEYS.google, pauseMs });
  const anthropic = await startSimulatedAnthropic({ apiKey: KEYS.anthropic });
  const clouds: Cloud[] = [
    { name: 'OpenAI', simulated: openai, keyHeader: 'authorization', keyValue: `Bearer ${KEYS.openai}` },
    { name: 'Google', simulated: google, keyHeader: 'x-goog-api-key', keyValue: KEYS.google },
    { name: 'Anthropic', simulated: anthropic, keyHeader: 'x-api-key', keyValue: KEYS.anthropic },
  ];
  const closeClouds = (): Promise<unknown> => Promise.all(clouds.map(({ simulated }) => simulated.close()));
  const cloudEnv = {
    OPENAI_API_KEY: KEYS.openai,
    OPENAI_BASE_URL: openai.baseUrl,
    GOOGLE_API_KEY: KEYS.google,
    GOOGLE_API_BASE_URL: google.baseUrl,
    ANTHROPIC_API_BASE_URL: `${anthropic.url}/v1`,
  };
  try {
    const server = await startServer(
      { ...cloudEnv, ANTHROPIC_API_KEY: KEYS.anthropic, PORT: env.PORT, HOST: env.HOST },
      quiet,
    );
    const withoutAnthropic = await startServer({ ...cloudEnv, PORT: '0' }, quiet);
    return {
      server,
      withoutAnthropic,
      openai,
      clouds: clouds.map(({ name, simulated }) => ({ name, url: simulated.url })),
      takeSent: createSentReader(clouds),
      async close() {
        await Promise.all([server.shutDown(0), withoutAnthropic.shutDown(0)]);
        await closeClouds();
      },
    };
  } catch (error) {
    await closeClouds();
    throw error;
  }
}

function createSentReader(clouds: readonly Cloud[]): () => Sent[] {
  const seen = new Map<Cloud, number>();
  return () =>
    clouds.flatMap((cloud) => {
      const { requests } = cloud.simulated;
      const news = requests.slice(seen.get(cloud) ?? 0);
      seen.set(cloud, requests.length);
      return news.map((request) => describe(cloud, request));
    });
}

function describe(cloud: Cloud, request: RecordedRequest): Sent {
  return {
    cloud: cloud.name,
    request: `${request.method} ${request.path}`,
    key: keyOf(cloud, request),
    body: request.json,
  };
}

function keyOf({ keyHeader, keyValue }: Cloud, request: RecordedRequest): string {
  const everything = `${JSON.stringify(request.headers)} ${request.path} ${request.bytes.toString()}`;
  if (everything.includes(CLIENT_KEY)) return "the client's key, which must not leave the server";
  return request.headers[keyHeader] === keyValue ? "the server's own key" : 'no key, or a wrong one';
}
