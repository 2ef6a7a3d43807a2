/** Rows whose unit is memory: streams that are open and say nothing, and a client that hardly reads. */
import { median, System, withSystems } from './measure.mjs';
import { CLOUDS } from './wire.mjs';

/** Streams that are open at once. */
const IDLE_STREAMS = 1_000;
const FIRST_STREAMS = 200;

/** Resident memory for one open stream, with nothing on it. */
export async function idle(bench) {
  const streams = idleCount(bench);
  const kinds = [
    { name: 'undici-pipe' },
    { name: 'express-pipe' },
    { name: 'node-pipe' },
    ...CLOUDS.map((cloud) => ({ name: 'router', cloud })),
  ];
  const sizes = new Map(kinds.map(({ name, cloud = name }) => [cloud, []]));
  for (let round = 0; round < bench.lives; round++) {
    // A fresh process each time: what one round has grown would hide the next one's growth.
    for (const { name, cloud = name } of kinds) {
      const start = System.start(bench, name, name === 'router' ? cloud : undefined);
      sizes.get(cloud).push(await withSystems([start], ([system]) => memoryOfOne(bench, system, streams)));
    }
  }
  const bare = median(sizes.get('undici-pipe'));
  if (bare <= 0) throw new Error('the memory of the bare pipe did not grow: too few streams to tell');
  bench.say([...sizes].map(([label, values]) => `${label} ${kilobytes(median(values))}`).join(', '));
  return [
    ...CLOUDS.map((cloud) => {
      const factor = median(sizes.get(cloud)) / bare;
      return {
        work: `${cloud}, open idle stream, ${streams} open`,
        target: '<= 1.5x a bare pipe',
        measured: `${factor.toFixed(2)}x`,
        ok: factor <= 1.5,
        note: `${kilobytes(median(sizes.get(cloud)))}; bare pipe ${kilobytes(bare)}`,
      };
    }),
    ...['express-pipe', 'node-pipe'].map((label) => ({
      work: `beside it: ${label}, ${streams} open`,
      target: '-',
      measured: `${(median(sizes.get(label)) / bare).toFixed(2)}x a bare pipe`,
    })),
  ];
}

/** As many as the limit on open files allows; a stream takes two in the measured process. */
function idleCount(bench) {
  const soft = Number(process.report.getReport().userLimits?.open_files?.soft);
  const allowed = Number.isFinite(soft) ? Math.floor((soft - 100) / 2) : IDLE_STREAMS;
  const wanted = bench.quick ? 500 : IDLE_STREAMS;
  if (allowed < wanted) bench.say(`only ${allowed} streams: the limit on open files (ulimit -n) is ${soft}`);
  return Math.min(wanted, allowed);
}

async function memoryOfOne(bench, system, streams) {
  await bench.upstream.ask('play', 'short');
  const body = system.chat(true);
  const warm = { url: system.url, headers: system.headers, body, connections: 10, tool: 'autocannon' };
  // Only so many that everything is loaded: what a longer warm-up leaves behind would be taken for the streams' memory.
  await bench.load.ask('fire', { ...warm, amount: 100 });
  await bench.upstream.ask('play', 'silent');
  const open = (count) => bench.load.ask('openMany', system.label, system.asked(body), count);
  // The first ones live on what the start has left over. The others tell what one more costs.
  const first = Math.min(FIRST_STREAMS, Math.floor(streams / 2));
  await open(first);
  const before = await system.child.ask('memory');
  await open(streams - first);
  const after = await system.child.ask('memory');
  await bench.load.ask('closeMany', system.label);
  return (after - before) / (streams - first);
}

function kilobytes(bytes) {
  return `${(bytes / 1_024).toFixed(1)} KB`;
}

/** Bytes a second of the client that hardly reads. */
const SLOW_RATE = 10_000;
/** Until every buffer on the way is full, in milliseconds. */
const FILLING_MS = 2_000;

/** Clients that read 50 MB at 10 KB/s: one for each cloud, at the same time, each in front of its own router. */
export async function slowReader(bench) {
  const seconds = bench.quick ? 5 : 60;
  return withSystems(
    CLOUDS.map((cloud) => System.start(bench, 'router', cloud)),
    async (systems) => {
      await bench.upstream.ask('play', 'short');
      for (const system of systems) {
        const shot = {
          url: system.url,
          headers: system.headers,
          body: system.chat(true),
          tool: 'autocannon',
        };
        await bench.load.ask('fire', { ...shot, connections: 4, amount: 200 });
      }
      await bench.upstream.ask('play', 'huge');
      const grown = await Promise.all(systems.map((system) => watch(bench, system, seconds)));
      return systems.map(({ label }, index) => {
        const { megabytes, filling } = grown[index];
        return {
          work: `${label}, 50 MB read at 10 KB/s for ${seconds} s`,
          target: 'resident memory within 5 MB of the start',
          measured: `${megabytes.toFixed(1)} MB`,
          ok: megabytes <= 5,
          note: `the start is when the buffers on the way are full, which took ${filling.toFixed(1)} MB`,
        };
      });
    },
  );
}

/** @returns {Promise<{ megabytes: number, filling: number }>} The most that memory was away from the start. */
async function watch(bench, system, seconds) {
  const before = await system.child.ask('memory');
  const reading = bench.load.ask('readSlowly', system.asked(system.chat(true)), SLOW_RATE, seconds);
  await new Promise((resolve) => setTimeout(resolve, FILLING_MS));
  const start = await system.child.ask('memory');
  let most = 0;
  const timer = setInterval(() => {
    void system.child.ask('resident').then((now) => {
      most = Math.max(most, now - start);
    });
  }, 500);
  const read = await reading.finally(() => clearInterval(timer));
  if (read < (SLOW_RATE * seconds) / 2)
    throw new Error(`${system.label}: the slow client got only ${read} bytes`);
  return { megabytes: most / 1e6, filling: (start - before) / 1e6 };
}
