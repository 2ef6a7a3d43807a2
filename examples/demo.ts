/**
 * `npm run demo`: every call of the quick start, on this machine alone. Three simulated clouds, the example server in
 * front of them; what is asked, where it went, what came back.
 */
import { difference, normalise } from './demo-check.ts';
import { CLIENT_KEY, type Reply, type Watcher } from './demo-client.ts';
import { planRealCalls, problemOf, textOf } from './demo-real.ts';
import { outputTo, Screen, type Output } from './demo-screen.ts';
import { openStage, type Sent, type Stage } from './demo-stage.ts';
import { STEPS, type Step } from './demo-steps.ts';
import { StartError } from './server-config.ts';
import { isMain, startServer, type RunningServer } from './server.ts';

const USAGE = `The quick start, call by call, against simulated clouds: no key, no network, nothing spent.

  npm run demo              plays it, then keeps serving, so that the quick start's commands work
  npm run demo -- --once    plays it and exits: 0 if every answer was exactly right, else 1
  npm run demo -- --real    asks the real clouds for which a key is set; this costs a fraction of a cent
  npm run demo -- --help    shows this text

  PORT=8081 npm run demo    another port than 8080
  NO_COLOR=1 npm run demo   no colours
`;

/** What is left of a demo when it has been played. */
export interface PlayedDemo {
  /** 0: every answer was right. */
  readonly exitCode: 0 | 1;
  /** What keeps serving; undefined with `--once`. */
  readonly server: RunningServer | undefined;
  close(): Promise<void>;
}

/**
 * Plays the demo.
 * @throws StartError where it cannot start: a port that is taken, an argument that does not exist.
 */
export async function playDemo(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  output: Output,
  steps: readonly Step[] = STEPS,
): Promise<PlayedDemo> {
  const screen = new Screen(output);
  const unknown = args.find((arg) => !['--once', '--real', '--help', '-h'].includes(arg));
  if (unknown !== undefined) throw new StartError(`Unknown argument '${unknown}'. Try --help.`);
  if (args.includes('--help') || args.includes('-h')) {
    output.write(USAGE);
    return { exitCode: 0, server: undefined, close: async () => {} };
  }
  const once = args.includes('--once');
  const played = args.includes('--real')
    ? await playReal(env, screen)
    : await playSimulated(await openStage(env, once ? 0 : PAUSE_MS), screen, steps);
  if (once) {
    await played.close();
    return { ...played, server: undefined };
  }
  sayThatItServes(screen, played.server);
  return played;
}

type Played = PlayedDemo & { readonly server: RunningServer };

/** So long a person waits for each event of a stream. Milliseconds. */
const PAUSE_MS = 120;

async function playSimulated(stage: Stage, screen: Screen, steps: readonly Step[]): Promise<Played> {
  screen.heading('llm-prefix-router: the quick start, call by call');
  screen.line(
    'Three simulated clouds and a local node, all on this machine. No key, no network, nothing spent.',
  );
  screen.line();
  screen.field('server', `${stage.server.url}  (clients send the key ${CLIENT_KEY})`);
  for (const { name, url } of stage.clouds) screen.field('cloud', `${url}  (simulated ${name})`);
  let right = 0;
  for (const [index, step] of steps.entries()) {
    screen.step(index + 1, step.title);
    if (await playStep(stage, step, screen)) right += 1;
  }
  screen.line();
  if (right === steps.length) screen.good(`${right} of ${steps.length} answers are exactly right.`);
  else screen.bad(`Only ${right} of ${steps.length} answers are right.`);
  return { exitCode: right === steps.length ? 0 : 1, server: stage.server, close: () => stage.close() };
}

/** @returns whether the answer was right. */
async function playStep(stage: Stage, step: Step, screen: Screen): Promise<boolean> {
  screen.field('asked', step.asked);
  const problem = await problemIn(stage, step, screen);
  if (problem === undefined) screen.good('exactly as it should be');
  else screen.bad(problem);
  return problem === undefined;
}

async function problemIn(stage: Stage, step: Step, screen: Screen): Promise<string | undefined> {
  const sent: Sent[] = [];
  const showWhere = (): void => {
    sent.push(...stage.takeSent());
    showSent(screen, sent);
  };
  try {
    const { status, answer } = await show(screen, (watch) => step.call(stage, watch), showWhere);
    // A second request for the same call would have come by now.
    sent.push(...stage.takeSent());
    const expected = typeof step.expected === 'function' ? step.expected(stage) : step.expected;
    return difference({ status, answer: normalise(answer), sent }, expected);
  } catch (error) {
    screen.line();
    return `no answer: ${String(error)}`;
  }
}

function showSent(screen: Screen, sent: readonly Sent[]): void {
  if (sent.length === 0) screen.field('went to', 'no cloud: the answer comes from this machine');
  for (const { cloud, request, key, body } of sent) {
    screen.field('went to', `${cloud}  ${request}  with ${key}\n${JSON.stringify(body)}`);
  }
}

/** Makes a call and shows its answer as it comes. */
async function show(
  screen: Screen,
  call: (watch: Watcher) => Promise<Reply>,
  onStatus: () => void,
): Promise<Reply> {
  let streams = false;
  const reply = await call({
    onStatus(status) {
      onStatus();
      screen.openField('answer', `${status}  `);
    },
    onPiece(text) {
      streams = true;
      screen.piece(text);
    },
  });
  screen.closeField(streams ? '' : textOf(reply.answer) || JSON.stringify(reply.answer, null, 2));
  return reply;
}

async function playReal(env: NodeJS.ProcessEnv, screen: Screen): Promise<Played> {
  const server = await startServer(realEnv(env), { log: () => {}, warn: () => {} });
  screen.heading('llm-prefix-router: the real clouds');
  const { calls, skipped } = planRealCalls(server.router);
  for (const sentence of skipped) screen.line(sentence);
  let right = 0;
  for (const [index, { title, asked, goesTo, call }] of calls.entries()) {
    screen.step(index + 1, title);
    screen.field('asked', asked);
    const showWhere = (): void => screen.field('went to', goesTo);
    const problem = await show(screen, (watch) => call(server.url, watch), showWhere).then(problemOf, String);
    if (problem === undefined) right += 1;
    else screen.bad(problem);
  }
  screen.line();
  if (calls.length === 0) screen.bad('No cloud was asked: set at least one key.');
  else if (right === calls.length) screen.good(`${right} of ${calls.length} calls were answered.`);
  else screen.bad(`Only ${right} of ${calls.length} calls were answered.`);
  const exitCode = calls.length > 0 && right === calls.length ? 0 : 1;
  return { exitCode, server, close: async () => void (await server.shutDown(0)) };
}

/** The clouds as they are set, the server as the quick start has it: the demo's client knows no other key. */
function realEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => /^(OPENAI|GOOGLE|ANTHROPIC)_|^(PORT|HOST)$/.test(name)),
  );
}

function sayThatItServes(screen: Screen, { port }: RunningServer): void {
  screen.line(`
The server keeps running, and the quick start's commands work with it:

  curl http://localhost:${port}/v1/chat/completions \\
    -H "Authorization: Bearer ${CLIENT_KEY}" -H "Content-Type: application/json" \\
    -d '{"model": "openai:gpt-4.1", "messages": [{"role": "user", "content": "Hello!"}]}'

Ctrl+C ends it.`);
}

async function main(): Promise<void> {
  const played = await playDemo(process.argv.slice(2), process.env, outputTo(process.stdout, process.env));
  process.exitCode = played.exitCode;
  if (played.server === undefined) return;
  const end = (): void => void played.close().then(() => process.exit());
  process.once('SIGINT', end).once('SIGTERM', end);
}

if (isMain(import.meta.filename)) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
