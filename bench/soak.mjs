/**
 * Minutes of everything at once: nothing may be lost, mixed up or left behind. Exit code 1 on any violation.
 * `--help` says how.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Child } from './child.mjs';
import { createClients } from './soak-client.mjs';
import { CLOUDS } from './wire.mjs';

const HELP = `npm run soak -- [options]

  --seconds <n>      length of the mixed traffic; default 120
  --streams <n>      streams that are open at once; default 1000
  --concurrency <n>  requests of the mixed traffic at a time; default 48
  --dist <dir>       the built package; default: $BENCH_DIST, else dist/esm
  --help`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    streams: { type: 'string', default: '1000' },
    concurrency: { type: 'string', default: '48' },
    dist: {
      type: 'string',
      default: process.env['BENCH_DIST'] || fileURLToPath(new URL('../dist/esm', import.meta.url)),
    },
    help: { type: 'boolean', default: false },
  },
});

/** What memory may grow, in bytes: the heap after the same traffic again, all of it, and while the streams are open. */
const HEAP_LIMIT = 12e6;
const RESIDENT_LIMIT = 50e6;
const OPEN_STREAMS_LIMIT = 400e6;
/** Share of the time that is warm-up: its memory is the base of all comparisons. */
const WARM_UP = 0.25;
/** How long closing may take when nothing is open, in milliseconds. */
const CLOSE_LIMIT_MS = 10_000;
/** Violations that are shown; all are counted. */
const SHOWN = 20;

const violations = [];
let violationCount = 0;

function violate(what) {
  violationCount += 1;
  if (violations.length < SHOWN) violations.push(what);
}

if (values.help) {
  console.log(HELP);
} else {
  await main().catch((error) => {
    console.error(error.stack);
    process.exit(1);
  });
}

async function main() {
  const dist = resolve(values.dist);
  if (!existsSync(resolve(dist, 'index.js'))) throw new Error('There is no built package: npm run build.');
  const seconds = Number(values.seconds);
  setTimeout(() => giveUp(seconds), (seconds * 2 + 240) * 1_000).unref();
  const cloud = new Child('soak-cloud.mjs');
  const host = new Child('soak-host.mjs', { flags: ['--expose-gc'] });
  const port = await host.ask('listen', await cloud.ask('listen'), dist);
  const soak = { cloud, host, clients: createClients(port, cloud), done: new Map() };

  await mix(soak, seconds * WARM_UP, 'warm-up');
  await burst(soak, streamCount());
  await settle(soak);
  const before = await host.ask('memory');
  say(`  memory after warm-up: heap ${megabytes(before.heap)}, resident ${megabytes(before.resident)}`);
  await mix(soak, seconds * (1 - WARM_UP), 'mixed traffic');
  const peak = await burst(soak, streamCount());
  await settle(soak);
  const after = await host.ask('memory');
  say(`  memory at the end: heap ${megabytes(after.heap)}, resident ${megabytes(after.resident)}`);
  limit('heap after garbage collection', after.heap - before.heap, HEAP_LIMIT);
  limit('resident memory', after.resident - before.resident, RESIDENT_LIMIT);
  limit('resident memory while the streams were open', peak - before.resident, OPEN_STREAMS_LIMIT);
  await checkEnd(soak);
  report(soak);
  process.exit(violationCount === 0 ? 0 : 1);
}

function giveUp(seconds) {
  console.error(`The run of ${seconds} s took more than twice as long and was given up: something hangs.`);
  process.exit(1);
}

/** All kinds of requests in no order, so many at a time. */
async function mix({ host, clients, done }, seconds, title) {
  say(`${title}, ${Math.round(seconds)} s`);
  const end = Date.now() + seconds * 1_000;
  const lots = clients.mix.flatMap((kind) => Array(kind[1]).fill(kind));
  const work = async () => {
    while (Date.now() < end) {
      const [name, , run] = lots[Math.floor(Math.random() * lots.length)];
      done.set(name, (done.get(name) ?? 0) + 1);
      await run().catch((error) => violate(`${name}: ${error.message}`));
    }
  };
  await Promise.all(Array.from({ length: Number(values.concurrency) }, work));
  sayDelay(await host.ask('delay'));
}

/** Streams that are all open at the same moment, and all go on at once. @returns Resident bytes while they were open. */
async function burst({ cloud, host, clients, done }, count) {
  say(`${count} streams at once`);
  const name = (index) => CLOUDS[index % CLOUDS.length];
  const opened = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      clients
        .heldStream(name(index), 20)
        .catch((error) => violate(`a stream did not open: ${error.message}`)),
    ),
  );
  const resident = await host.ask('resident');
  const together = await cloud.ask('release');
  if (together !== count) violate(`${together} of ${count} streams were open together`);
  const ends = await Promise.allSettled(opened.map((finish) => finish?.()));
  for (const { status, reason } of ends) if (status === 'rejected') violate(reason.message);
  done.set('one of many streams', (done.get('one of many streams') ?? 0) + count);
  sayDelay(await host.ask('delay'));
  return resident;
}

/** Until the cloud has nothing open: clients that left must have been followed. */
async function settle({ cloud }) {
  const giveUpAt = Date.now() + 5_000;
  let { open } = await cloud.ask('state');
  while (open > 0 && Date.now() < giveUpAt) {
    await pause(50);
    ({ open } = await cloud.ask('state'));
  }
  if (open > 0) violate(`${open} calls are still open at the clouds although nobody waits for them`);
}

/** The books must balance, and nothing may be left. */
async function checkEnd({ cloud, host, clients }) {
  const { sent } = clients;
  const { calls, strays } = await cloud.ask('state');
  const { records, faults } = await host.ask('state');
  if (calls !== sent.cloud) violate(`${sent.cloud} requests for a cloud were sent, the clouds saw ${calls}`);
  if (records.total < sent.cloud || records.total > sent.cloud + sent.broken)
    violate(`${sent.cloud} requests for a cloud were sent, and there are ${records.total} call records`);
  if (strays.twice > 0) violate(`${strays.twice} requests reached a cloud twice`);
  if (strays.local > 0) violate(`${strays.local} local requests reached a cloud`);
  if (strays.nameless > 0)
    violate(`${strays.nameless} requests reached a cloud without what the client had said`);
  for (const fault of faults) violate(fault);
  clients.close();
  const sockets = await Promise.race([host.ask('close'), pause(CLOSE_LIMIT_MS)]);
  if (sockets === undefined) violate(`router.close() did not end within ${CLOSE_LIMIT_MS / 1_000} s`);
  else if (sockets > 0) violate(`${sockets} sockets are left after everything was closed`);
}

/** As many streams as wanted; each takes two descriptors in the host, and one here. */
function streamCount() {
  const soft = Number(process.report.getReport().userLimits?.open_files?.soft);
  const wanted = Number(values.streams);
  const allowed = Number.isFinite(soft) ? Math.floor((soft - 300) / 2) : wanted;
  if (allowed < wanted) violate(`only ${allowed} streams: the limit on open files (ulimit -n) is ${soft}`);
  return Math.min(wanted, allowed);
}

function pause(ms) {
  return new Promise((resolve_) => setTimeout(resolve_, ms));
}

function limit(what, growth, most) {
  const text = `${what} grew by ${megabytes(growth)} (limit ${megabytes(most)})`;
  if (growth > most) violate(text);
  else say(`  ${text}`);
}

function report({ done, clients }) {
  const total = [...done.values()].reduce((sum, count) => sum + count, 0);
  say(`\n${total} requests, ${clients.sent.cloud} of them for a cloud:`);
  for (const [name, count] of [...done].sort(([a], [b]) => a.localeCompare(b)))
    say(`  ${String(count).padStart(6)}  ${name}`);
  if (violationCount === 0) return say('\nok: nothing lost, nothing mixed up, nothing left behind');
  say(`\n${violationCount} violations:`);
  for (const violation of violations) say(`- ${violation}`);
  if (violationCount > SHOWN) say(`- and ${violationCount - SHOWN} more`);
}

function sayDelay({ p50, p99, max }) {
  say(`  event loop delay: p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, longest ${max.toFixed(1)} ms`);
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function say(text) {
  console.log(text);
}
