/** Rows whose unit is CPU: microseconds of the measured process a request. */
import {
  added,
  addedRow,
  atWork,
  costLine,
  measureLives,
  median,
  ratio,
  ratioRow,
  System,
} from './measure.mjs';
import { CLOUDS, pictureRequest, streamEvents } from './wire.mjs';

const CONNECTIONS = 32;
/** So many small requests until V8 has compiled what they run through. */
const WARM_REQUESTS = 6_000;
/** Fewer for streams: what is cut off at the end of a measurement has cost and does not count. */
const STREAM_CONNECTIONS = 8;
/** Bytes of a request with a picture. */
const PICTURE_BYTES = 2_000_000;
/** A request of 2 MB takes its time, and V8 compiles by number of calls. */
const PICTURE_WARM_REQUESTS = 2_000;
/**
 * Megabytes count as V8's own, and where the heap is as small as here it collects all of it every few requests, in one
 * process and not in the next: the same byte relay took 0.8 to 1.5 times as much where the router was loaded beside it.
 * With a heap that may be as large as that of most hosts it does not, and the ratios are those of the work.
 */
const GROWN_HEAP = ['--initial-old-space-size=512'];

/** How small requests are measured, whoever answers them. */
const SMALL_JSON = {
  scenario: 'json',
  body: (system) => system.chat(),
  holds: 'the conductor',
  connections: CONNECTIONS,
  warmRequests: WARM_REQUESTS,
  // A difference of some microseconds between things that take a hundred, and more from one round to the next.
  rounds: 2,
};

/** What was measured and has no row of its own. */
function besides(costs, others) {
  return [...costs.keys()].filter((label) => !others.includes(label));
}

/** JSON of a kilobyte, for each cloud and for the host's own handler. */
export async function json(bench) {
  const busy = atWork(bench);
  const beside = bench.quick ? [] : ['parser', 'node-pipe', 'express-json'];
  const names = ['handler', ...beside, 'undici-pipe', 'express-pipe'];
  const start = () => [
    ...names.map((name) => System.start(busy, name)),
    ...CLOUDS.map((cloud) => System.start(busy, 'router', cloud)),
  ];
  const costs = await measureLives(bench, start, { ...SMALL_JSON, peers: ['nginx', 'gateway'] });
  const limits = { openai: 20, google: 60, anthropic: 60 };
  const addedBy = (label) => `${added(costs, label, 'handler').toFixed(1)} us`;
  const bare = `Express and undici alone: ${addedBy('express-pipe')}`;
  const parsing = costs.has('express-json')
    ? `; with JSON parsed and written both ways: ${addedBy('express-json')}`
    : '';
  bench.say(`us a request: ${costLine(costs)}`);
  return [
    ...CLOUDS.map((cloud) =>
      addedRow(
        `${cloud}, JSON, 1 KB`,
        costs,
        cloud,
        'handler',
        limits[cloud],
        cloud === 'openai' ? bare : bare + parsing,
      ),
    ),
    ...besides(costs, ['handler', ...CLOUDS]).map((label) => ({
      work: `beside it: ${label}, JSON, 1 KB`,
      target: '-',
      measured: `${ratio(costs, label, 'handler').toFixed(2)}x the empty handler`,
    })),
  ];
}

/** A request without a prefix, small. */
export async function local(bench) {
  const busy = atWork(bench);
  const byHand = ['handler', 'router', 'peek'];
  const names = bench.quick ? byHand : [...byHand, 'parser', 'router-parser', 'peek-parser'];
  const start = () => names.map((name) => System.start(busy, name));
  const costs = await measureLives(bench, start, SMALL_JSON);
  bench.say(`us a request: ${costLine(costs)}`);
  const row = (work, router, base, peek) => {
    const floor = added(costs, peek, base).toFixed(1);
    return addedRow(work, costs, router, base, 12, `a bare peek-and-unshift: ${floor} us`);
  };
  const rows = [row('local, JSON, 1 KB', 'router', 'handler', 'peek')];
  if (!bench.quick)
    rows.push(row('local, JSON, 1 KB, host with express.json()', 'router-parser', 'parser', 'peek-parser'));
  return rows;
}

/** A request without a prefix, with a picture. */
export async function localPicture(bench) {
  const grown = atWork(bench, GROWN_HEAP);
  const start = () => [
    System.start(grown, 'handler'),
    System.start(grown, 'router', undefined, 'local'),
    System.start(grown, 'router', undefined, 'model last'),
  ];
  const costs = await measureLives(bench, start, {
    scenario: 'json',
    body: ({ model, label }) =>
      pictureRequest(model, PICTURE_BYTES, label === 'model last' ? 'last' : 'first'),
    holds: 'the conductor',
    connections: 4,
    warmSeconds: 1,
    warmRequests: PICTURE_WARM_REQUESTS,
  });
  bench.say(`us a request: ${costLine(costs)}`);
  return [
    ratioRow('local, 2 MB', ratio(costs, 'local', 'handler'), 1.1, 'the handler alone'),
    {
      work: 'local, 2 MB, `model` behind the messages',
      target: '-',
      measured: `${ratio(costs, 'model last', 'handler').toFixed(2)}x the handler alone`,
      note: 'all of it must be read before it is known whose it is: nothing can overlap',
    },
  ];
}

/** A request with a picture for the cloud that takes it as it is. */
export async function picture(bench) {
  const grown = atWork(bench, GROWN_HEAP);
  const start = () => [
    System.start(grown, 'undici-relay', undefined, 'byte relay'),
    System.start(grown, 'node-pipe'),
    System.start(grown, 'express-relay'),
    System.start(grown, 'router', 'openai'),
    System.start(grown, 'router', 'openai', 'openai, model last'),
  ];
  const costs = await measureLives(bench, start, {
    scenario: 'json',
    body: ({ model, label }) =>
      pictureRequest(model, PICTURE_BYTES, label.endsWith('last') ? 'last' : 'first'),
    holds: 'the conductor',
    connections: 4,
    warmSeconds: 1,
    warmRequests: PICTURE_WARM_REQUESTS,
  });
  bench.say(`us a request: ${costLine(costs)}`);
  const pipe = ratio(costs, 'node-pipe', 'byte relay').toFixed(2);
  const inExpress = ratio(costs, 'express-relay', 'byte relay').toFixed(2);
  return [
    ratioRow(
      'openai, 2 MB',
      ratio(costs, 'openai', 'byte relay'),
      1.3,
      'a byte relay',
      `Node's own pipe: ${pipe}x; the byte relay in Express: ${inExpress}x`,
    ),
    {
      work: 'openai, 2 MB, `model` behind the messages',
      target: '-',
      measured: `${ratio(costs, 'openai, model last', 'byte relay').toFixed(2)}x a byte relay`,
      note: 'nothing can be sent before the last bytes are there',
    },
  ];
}

/** Streams of 200 events whose chunks come all at once. */
export async function streams(bench) {
  const busy = atWork(bench);
  const start = () => [
    ...['undici-pipe', 'express-pipe', 'node-pipe'].map((name) => System.start(busy, name)),
    ...CLOUDS.map((cloud) => System.start(busy, 'router', cloud)),
  ];
  const costs = await measureLives(bench, start, {
    scenario: 'stream',
    body: (system) => system.chat(true),
    holds: '[DONE]',
    connections: STREAM_CONNECTIONS,
    warmSeconds: 2,
    peers: ['nginx', 'gateway'],
  });
  bench.say(`us a stream of 200 events: ${costLine(costs)}`);
  const relayed = median(costs.get('openai'));
  return [
    ratioRow(
      'openai, 200-chunk stream, back to back',
      ratio(costs, 'openai', 'undici-pipe'),
      1.3,
      'a bare pipe',
    ),
    ...['google', 'anthropic'].map((cloud) =>
      ratioRow(
        `${cloud}, 200-event stream`,
        ratio(costs, cloud, 'openai'),
        1.6,
        'our relayed stream',
        `${ratio(costs, cloud, 'undici-pipe').toFixed(2)}x a bare pipe; our relay and nothing but JSON.parse of the events: ${(1 + parseTime(cloud) / relayed).toFixed(2)}x`,
      ),
    ),
    ...besides(costs, ['undici-pipe', ...CLOUDS]).map((label) => ({
      work: `beside it: ${label}, 200-chunk stream`,
      target: '-',
      measured: `${ratio(costs, label, 'undici-pipe').toFixed(2)}x a bare pipe`,
    })),
  ];
}

/** Microseconds that JSON.parse takes for the events of a stream, at its best: hot, and nothing beside it. */
function parseTime(cloud) {
  const { head, body, tail } = streamEvents(
    cloud,
    Array.from({ length: 200 }, (_, index) => ` word${index}`),
  );
  const payloads = [...head, ...body, ...tail]
    .map((event) => event.slice(event.indexOf('data: ') + 6))
    .filter((payload) => payload.startsWith('{'));
  const times = Array.from({ length: 300 }, () => {
    const start = performance.now();
    for (const payload of payloads) JSON.parse(payload);
    return (performance.now() - start) * 1_000;
  });
  return Math.round(median(times));
}

/** The same with 2 ms between the events, as a model speaks. */
export async function paced(bench) {
  const busy = atWork(bench);
  const clouds = bench.quick ? ['openai'] : CLOUDS;
  const start = () => [
    System.start(busy, 'undici-pipe'),
    ...clouds.map((cloud) => System.start(busy, 'router', cloud)),
  ];
  const costs = await measureLives(bench, start, {
    scenario: 'paced',
    body: (system) => system.chat(true),
    holds: '[DONE]',
    connections: 2 * STREAM_CONNECTIONS,
    tool: 'autocannon',
    warmSeconds: 1,
    peers: bench.quick ? [] : ['nginx'],
  });
  bench.say(`us a stream of 200 events: ${costLine(costs)}`);
  const beside = (label) => ({
    work: `beside it: ${label}, 200 events 2 ms apart`,
    target: '-',
    measured: `${ratio(costs, label, 'undici-pipe').toFixed(2)}x a bare pipe`,
  });
  return [
    ratioRow(
      'openai, 200-chunk stream, 2 ms apart',
      ratio(costs, 'openai', 'undici-pipe'),
      1.3,
      'a bare pipe',
    ),
    ...besides(costs, ['undici-pipe', 'openai']).map(beside),
  ];
}
