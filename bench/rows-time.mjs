/** Rows whose unit is time: the first byte, a client that leaves, a conversion that holds everybody up. */
import { measureCpu, median, percentile, ratio, System, withSystems } from './measure.mjs';
import { CLOUDS, historyRequest, pictureRequest } from './wire.mjs';

/** So many until V8 has compiled what they run through: what it takes for that is no wait for the cloud. */
const WARM_REQUESTS = 3_000;

/** One stream at a time: what the router adds until the first event is there. */
export async function firstByte(bench) {
  const start = () => [
    System.start(bench, 'undici-pipe'),
    ...CLOUDS.map((cloud) => System.start(bench, 'router', cloud)),
  ];
  await bench.upstream.ask('play', 'short');
  const rounds = [];
  for (let life = 0; life < bench.lives; life++)
    rounds.push(...(await withSystems(start(), (systems) => timeFirstBytes(bench, systems))));
  const addedAt = (cloud, share) =>
    median(rounds.map((times) => percentile(times[cloud], share) - percentile(times['undici-pipe'], share)));
  return CLOUDS.map((cloud) => ({
    work: `${cloud}, first byte of a stream, one at a time`,
    target: '< 1 ms added at p99',
    measured: `${addedAt(cloud, 0.99).toFixed(2)} ms`,
    ok: addedAt(cloud, 0.99) < 1,
    note: `at p50: ${addedAt(cloud, 0.5).toFixed(2)} ms`,
  }));
}

/** @returns {Promise<Record<string, number[]>[]>} Milliseconds by system, for each round. */
async function timeFirstBytes(bench, systems) {
  const asks = Object.fromEntries(systems.map((system) => [system.label, system.asked(system.chat(true))]));
  const count = bench.quick ? 150 : 500;
  await bench.load.ask('timeFirstBytes', asks, bench.quick ? count : WARM_REQUESTS);
  const rounds = [];
  for (let round = 0; round < bench.rounds; round++)
    rounds.push(await bench.load.ask('timeFirstBytes', asks, count));
  return rounds;
}

/** How far a call has come when the client leaves; what the upstream does then; and what the client waits for, in ms. */
const PHASES = [
  { name: 'uploading', scenario: 'json', waitMs: 100 },
  { name: 'waiting', scenario: 'hanging', waitMs: 0 },
  { name: 'streaming', scenario: 'endless', waitMs: 0 },
  { name: 'streaming', scenario: 'silent', waitMs: 0 },
  { name: 'held back', scenario: 'huge', waitMs: 300 },
];

/** From a client's leaving to the end of the call upstream. */
export async function leaving(bench) {
  return withSystems(
    CLOUDS.map((cloud) => System.start(bench, 'router', cloud)),
    async (systems) => {
      const worst = [];
      for (const { name, scenario, waitMs } of PHASES) {
        await bench.upstream.ask('play', scenario);
        const times = [];
        for (const system of systems) {
          const body = name === 'uploading' ? pictureRequest(system.model, 2_000_000) : system.chat(true);
          for (let time = 0; time < (bench.quick ? 2 : 8); time++)
            times.push(await leaveOnce(bench, system.asked(body), name, waitMs));
        }
        const label = scenario === 'silent' ? 'silent stream' : name;
        worst.push({ label, ms: Math.max(...times), median: median(times) });
      }
      const longest = Math.max(...worst.map(({ ms }) => ms));
      return [
        {
          work: 'a client that leaves closes the upstream',
          target: '<= 100 ms, always',
          measured: `${longest.toFixed(1)} ms at worst`,
          ok: longest <= 100,
          note: `median ${worst.map(({ label, median: ms }) => `${label} ${ms.toFixed(1)}`).join(', ')}`,
        },
      ];
    },
  );
}

/** @returns {Promise<number>} Milliseconds; 0 where nothing had been sent to a cloud yet. */
async function leaveOnce(bench, ask, phase, waitMs) {
  await bench.upstream.ask('forget');
  await bench.load.ask('startLeaver', ask, phase);
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  const isOpen = async () => (await bench.upstream.ask('state')).open > 0;
  if (phase !== 'uploading') await until(isOpen, 'the call never reached the upstream');
  const sent = await isOpen();
  const left = await bench.load.ask('leave');
  if (!sent) return 0;
  await until(async () => !(await isOpen()), 'the upstream was never closed');
  const [closed] = (await bench.upstream.ask('state')).brokenOff;
  if (closed === undefined)
    throw new Error(`the upstream's answer was complete before the client left (${phase})`);
  return Math.max(0, closed - left);
}

async function until(holds, otherwise) {
  const giveUp = Date.now() + 5_000;
  while (!(await holds())) {
    if (Date.now() > giveUp) throw new Error(otherwise);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Long talks with large pictures: the event loop must not stand still, and twice the work must take twice the time. */
export async function histories(bench) {
  const starting = [
    System.start(bench, 'handler'),
    ...['google', 'anthropic'].map((cloud) => System.start(bench, 'router', cloud)),
  ];
  return withSystems(starting, async ([handler, ...clouds]) => {
    await bench.upstream.ask('play', 'json');
    const floor = await longestDelay(bench, handler);
    const rows = [];
    for (const system of clouds) {
      const { typical, worst } = await longestDelay(bench, system);
      rows.push({
        work: `${system.label}, 2,000 messages and 10 MB of pictures: event loop delay`,
        target: '<= 50 ms at a time',
        measured: `${typical.toFixed(0)} ms`,
        ok: typical <= 50,
        note: `worst of all ${worst.toFixed(0)} ms; a handler that only parses it: ${floor.typical.toFixed(0)} ms`,
      });
    }
    for (const system of clouds) rows.push(await linearity(bench, system));
    return rows;
  });
}

/** The longest standstill of the event loop during one request: the median of several requests, and the worst. */
async function longestDelay(bench, system) {
  const ask = system.asked(historyRequest(system.model, 2_000, 10_000_000));
  const delays = [];
  const count = bench.quick ? 4 : 10;
  for (let time = 0; time < count; time++) {
    await system.child.ask('watchDelay');
    const { status, body } = await bench.load.ask('askOnce', ask);
    if (status !== 200) throw new Error(`${system.label} answered ${status}: ${body.slice(0, 300)}`);
    delays.push(await system.child.ask('longestDelay'));
  }
  // The first ones run code that V8 has not compiled yet.
  const warm = delays.slice(2);
  return { typical: median(warm), worst: Math.max(...delays) };
}

const LENGTHS = [500, 1_000, 2_000];

/** CPU for one message of a long talk, in terms of one of a shorter talk. */
async function linearity(bench, system) {
  const talks = LENGTHS.map((length) => system.as(`${length}`));
  const costs = await measureCpu(bench, talks, {
    scenario: 'json',
    body: ({ model, label }) => historyRequest(model, Number(label)),
    holds: 'the conductor',
    connections: 1,
    tool: 'autocannon',
    seconds: 0.5,
    warmSeconds: 1,
  });
  const growth = ratio(costs, '2000', '500') / 4;
  const perMessage = LENGTHS.map((length) => (median(costs.get(`${length}`)) / length).toFixed(2));
  return {
    work: `${system.label}, 2,000 messages against 500: CPU of one message`,
    target: '<= 1.5x (linear is 1.0)',
    measured: `${growth.toFixed(2)}x`,
    ok: growth <= 1.5,
    note: `at ${LENGTHS.join(', ')} messages: ${perMessage.join(', ')} us`,
  };
}
