/**
 * Measures what the router costs against what it stands on, all in one run on one machine, and prints a table.
 * `--help` says how.
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Child, makeFolder } from './child.mjs';
import { System } from './measure.mjs';
import { hasProgram, startGateway, startNginx } from './peers.mjs';
import { toMarkdown, toTable } from './report.mjs';
import * as cpu from './rows-cpu.mjs';
import * as memory from './rows-memory.mjs';
import * as time from './rows-time.mjs';

/** By the name that `--only` takes, in the order of the table. */
const ROWS = {
  json: cpu.json,
  local: cpu.local,
  'local-2mb': cpu.localPicture,
  'openai-2mb': cpu.picture,
  streams: cpu.streams,
  paced: cpu.paced,
  'first-byte': time.firstByte,
  leaving: time.leaving,
  histories: time.histories,
  idle: memory.idle,
  'slow-reader': memory.slowReader,
};

const RESULTS = fileURLToPath(new URL('RESULTS.md', import.meta.url));

/** A run that takes longer hangs. Milliseconds. */
const RUN_LIMIT_MS = 40 * 60_000;

const BUSY =
  'The machine was at other work while this ran: differences of a few microseconds, times at p99 and event loop delays are not to be trusted.';

const HELP = `npm run bench -- [options]

  --only <rows>   some rows only, with commas: ${Object.keys(ROWS).join(', ')}
  --quick         one start and shorter rounds, without @portkey-ai/gateway: figures to look at, not to quote
  --rounds <n>    for each of 3 starts of all processes; default 2; more where other work disturbs the machine
  --load <tool>   autocannon or wrk; default: wrk where it is installed, autocannon with --quick
  --no-peers      without nginx and @portkey-ai/gateway
  --dist <dir>    the built package; default: $BENCH_DIST, else dist/esm
  --out <file>    where the table is written; default: bench/RESULTS.md for a whole run, else nowhere
  --help`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    load: { type: 'string' },
    'no-peers': { type: 'boolean', default: false },
    dist: {
      type: 'string',
      default: process.env['BENCH_DIST'] || fileURLToPath(new URL('../dist/esm', import.meta.url)),
    },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(HELP);
} else {
  setTimeout(() => fail('The run took too long and was given up.'), RUN_LIMIT_MS).unref();
  await main().catch((error) => fail(error.stack));
}

function fail(why) {
  console.error(why);
  process.exit(1);
}

async function main() {
  const names = values.only?.split(',') ?? Object.keys(ROWS);
  const unknown = names.find((name) => !Object.hasOwn(ROWS, name));
  if (unknown !== undefined)
    throw new Error(`There is no row '${unknown}'. There are ${Object.keys(ROWS).join(', ')}.`);
  if (!existsSync(resolve(values.dist, 'index.js')))
    throw new Error('There is no built package: npm run build.');
  const started = Date.now();
  const remarks = [];
  const bench = await prepare(remarks);
  const machine = describeMachine(bench);
  if (machine.busy > 0.5) remarks.push(BUSY);
  const rows = [];
  for (const name of names) rows.push(...(await measureRow(bench, name)));
  await bench.stop();
  remarks.push(`The run took ${Math.round((Date.now() - started) / 1_000)} s.`);
  console.log(`\n${toTable(rows)}\n\n${remarks.join('\n')}`);
  const out = values.out ?? (values.only === undefined && !values.quick ? RESULTS : undefined);
  if (out !== undefined) await writeFile(out, toMarkdown(rows, machine, remarks, values.quick));
  process.exit();
}

/** A row that cannot be measured is missed, and the others are measured all the same. */
async function measureRow(bench, name) {
  const started = Date.now();
  console.log(`${name} ...`);
  try {
    return await ROWS[name](bench);
  } catch (error) {
    console.error(error.stack);
    return [{ work: name, target: '-', measured: 'failed', ok: false, note: error.message.split('\n')[0] }];
  } finally {
    bench.say(`${((Date.now() - started) / 1_000).toFixed(0)} s`);
  }
}

async function prepare(remarks) {
  const apart = os.availableParallelism() > 1 && (await hasProgram('taskset'));
  const measured = apart ? false : undefined;
  const upstream = new Child('upstream.mjs', { measured });
  const load = new Child('load.mjs', { measured });
  const upstreamPort = await upstream.ask('listen');
  // wrk takes whole seconds only: too long for a quick run.
  const tool = values.load ?? (!values.quick && (await hasProgram('wrk')) ? 'wrk' : 'autocannon');
  if (tool !== 'wrk' && tool !== 'autocannon') throw new Error('--load takes autocannon or wrk.');
  const say = (text) => console.log(`  ${text}`);
  const peers = createPeers(upstreamPort, apart, remarks, say);
  return {
    quick: values.quick,
    lives: values.quick ? 1 : 3,
    rounds: Number(values.rounds ?? 2),
    upstream,
    upstreamPort,
    load,
    tool,
    apart,
    folder: makeFolder('load'),
    dist: resolve(values.dist),
    peer: peers.get,
    losePeer: peers.lose,
    say,
    stop: peers.stop,
  };
}

/** Peers are started when the first row asks for them, and serve all rows. */
function createPeers(upstreamPort, apart, remarks, say) {
  const starters = { nginx: startNginx, gateway: startGateway };
  const started = new Map();
  const lost = new Set();
  const remark = (text) => {
    say(text);
    remarks.push(text);
  };
  const start = async (name) => {
    if (values['no-peers'] || (values.quick && name === 'gateway')) return undefined;
    try {
      return System.ofPeer(await starters[name](upstreamPort, apart || undefined));
    } catch (error) {
      remark(`Without ${name === 'gateway' ? '@portkey-ai/gateway' : name}: ${error.message}.`);
      return undefined;
    }
  };
  return {
    get: async (name) => {
      if (!started.has(name)) started.set(name, start(name));
      const peer = await started.get(name);
      return lost.has(peer) ? undefined : peer;
    },
    lose: (peer, error) => {
      lost.add(peer);
      remark(`${peer.label} failed and was left out: ${error.message.split('\n')[0]}.`);
    },
    stop: async () => {
      for (const peer of await Promise.all(started.values())) await peer?.stop();
    },
  };
}

function describeMachine({ tool }) {
  const [first] = os.cpus();
  return {
    cpu: `${first?.model.trim() ?? 'unknown'}, ${os.cpus().length} cores`,
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
    load: tool,
    busy: os.loadavg()[0],
  };
}
