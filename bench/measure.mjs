/** How things are measured: in turns, so that all share the machine's moods, and by the median of the turns. */
import { Child } from './child.mjs';
import { chatRequest, MODELS } from './wire.mjs';

const PATH = '/v1/chat/completions';
const JSON_HEADERS = { 'content-type': 'application/json' };

/**
 * For the measured processes whose CPU is counted. Each stands still while the others have their turn, and V8's memory
 * reducer takes that for leisure: it drops the shapes of all objects that are not there just now, and with them 200
 * optimised functions, which cost as much again for seconds after. A server at work keeps them.
 */
export const AT_WORK = ['--no-memory-reducer'];

/** @param {Bench} bench @param {string[]} [flags] More of Node's own. @returns {Bench} One whose processes are at work. */
export function atWork(bench, flags = []) {
  return { ...bench, busy: true, flags: [...AT_WORK, ...flags] };
}

/**
 * What all rows share.
 * @typedef {object} Bench
 * @property {boolean} quick
 * @property {number} lives How often processes are started for the same work.
 * @property {number} rounds Of each life.
 * @property {Child} upstream
 * @property {number} upstreamPort
 * @property {Child} load
 * @property {'autocannon' | 'wrk'} tool
 * @property {string} folder For what tools want as a file.
 * @property {string} dist Folder of the built package.
 * @property {boolean} apart There is a core to spare for what is measured. Not where time counts: V8 collects its
 *   garbage in several threads, which would wait for each other.
 * @property {boolean} [busy] Set by `atWork`.
 * @property {string[]} [flags] Node's own, for the measured processes.
 * @property {(name: 'nginx' | 'gateway') => Promise<System | undefined>} peer
 * @property {(peer: System, error: Error) => void} losePeer Says why a peer is left out from here on.
 * @property {(text: string) => void} say
 */

/** One row of the result. @typedef {{ work: string, target: string, measured: string, ok?: boolean, note?: string }} Row */

/** Something that takes requests, and can say what they cost it. */
export class System {
  /**
   * @param {string} label What it is called in the results.
   * @param {string} model The model it is asked for.
   */
  constructor(label, model, port, headers, cpu, stop, child) {
    this.label = label;
    this.model = model;
    this.port = port;
    this.headers = headers;
    this.cpu = cpu;
    this.stop = stop;
    this.child = child;
  }

  /** @param {string} name One of those in system.mjs. @param {string} [cloud] For the router: whom it is asked for. */
  static async start(bench, name, cloud, label = cloud ?? name) {
    const flags = ['--expose-gc', ...(bench.flags ?? [])];
    const child = new Child('system.mjs', { flags, measured: bench.busy && bench.apart ? true : undefined });
    const port = await child.ask('listen', name, { upstream: bench.upstreamPort, dist: bench.dist });
    const model = cloud === undefined ? MODELS.openai : `${cloud}:${MODELS[cloud]}`;
    return new System(
      label,
      model,
      port,
      JSON_HEADERS,
      () => child.ask('cpu'),
      () => child.stop(),
      child,
    );
  }

  static ofPeer({ name, port, headers, cpu, stop }) {
    return new System(name, MODELS.openai, port, { ...JSON_HEADERS, ...headers }, cpu, stop);
  }

  /** The same process under another name, for another kind of work. */
  as(label) {
    return new System(label, this.model, this.port, this.headers, this.cpu, this.stop, this.child);
  }

  get url() {
    return `http://127.0.0.1:${this.port}${PATH}`;
  }

  /** A request for the clients in clients.mjs. */
  asked(body) {
    return { port: this.port, path: PATH, headers: this.headers, body };
  }

  chat(stream = false) {
    return chatRequest(this.model, 1_024, stream);
  }
}

/** Starts systems, hands them to a row, and stops them however that ends. */
export async function withSystems(starting, use) {
  const started = await Promise.allSettled(starting);
  const systems = started.filter(({ status }) => status === 'fulfilled').map(({ value }) => value);
  try {
    const failed = started.find(({ status }) => status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return await use(systems);
  } finally {
    await Promise.all(systems.filter(({ child }) => child !== undefined).map((system) => system.stop()));
  }
}

/**
 * The rounds of several lives, each with processes of its own: what V8 makes of the same code is better in one process
 * and worse in the next, and stays so until that ends.
 * @param {Bench} bench
 * @param {() => Promise<System>[]} start
 * @param {object} way As for `measureCpu`, and
 * @param {('nginx' | 'gateway')[]} [way.peers] who lives on.
 * @returns {Promise<Map<string, number[]>>}
 */
export async function measureLives(bench, start, { peers = [], ...way }) {
  let costs = new Map();
  for (let life = 0; life < bench.lives; life++) {
    const beside = await Promise.all(peers.map((name) => bench.peer(name)));
    const starting = [...start(), ...beside.filter((peer) => peer !== undefined)];
    const some = await withSystems(starting, (systems) => measureCpu(bench, inTurn(systems, life), way));
    // In the order of the first life, and without a peer that was lost since.
    const labels = life === 0 ? [...some.keys()] : [...costs.keys()].filter((label) => some.has(label));
    costs = new Map(labels.map((label) => [label, [...(costs.get(label) ?? []), ...some.get(label)]]));
  }
  return costs;
}

/**
 * CPU microseconds a request, a list by round for every system, each after as much of the same work that is not counted.
 * @param {Bench} bench
 * @param {System[]} systems
 * @param {object} way
 * @param {string} way.scenario What the upstream answers.
 * @param {(system: System) => string} way.body
 * @param {string} way.holds What a right answer holds.
 * @param {number} way.connections
 * @param {number} [way.rounds] How many times as many rounds as usual. Default 1.
 * @param {number} [way.seconds] Of one measurement. Default 1; less with `--quick`.
 * @param {number} [way.warmSeconds] Default 3, so long does V8 take to settle; less with `--quick`.
 * @param {number} [way.warmRequests] At least so many: a cold process is slow, and would count too few in its time.
 * @param {'autocannon'} [way.tool] Where requests must not be cut off by the end of a measurement.
 * @returns {Promise<Map<string, number[]>>}
 */
export async function measureCpu(bench, systems, way) {
  const { connections, rounds = 1, tool = bench.tool } = way;
  const seconds = bench.quick ? 0.4 : (way.seconds ?? 1);
  const warmSeconds = (way.warmSeconds ?? 3) / (bench.quick ? 2 : 1);
  await bench.upstream.ask('play', way.scenario);
  const costs = new Map(systems.map(({ label }) => [label, []]));
  // A peer that fails is left out. What is ours must not fail.
  const attempt = async (system, work) => {
    if (!costs.has(system.label)) return;
    await work().catch((error) => {
      if (system.child !== undefined) throw error;
      costs.delete(system.label);
      bench.losePeer(system, error);
    });
  };
  const shots = new Map();
  for (const system of systems) {
    await attempt(system, async () => {
      const body = way.body(system);
      const shot = {
        url: system.url,
        headers: system.headers,
        body,
        connections,
        tool,
        folder: bench.folder,
      };
      await checkAnswer(bench, system, body, way.holds);
      const rate = await warmUp(bench, shot, warmSeconds, system.child && way.warmRequests);
      shots.set(system, { ...shot, seconds, amount: Math.max(connections * 2, Math.round(rate * seconds)) });
    });
  }
  for (let round = 0; round < bench.rounds * rounds; round++) {
    for (const system of inTurn(systems, round)) {
      await attempt(system, async () => {
        // A process that has stood still finds neither its memory nor its connections warm.
        await bench.load.ask('fire', shots.get(system));
        const before = await system.cpu();
        const { requests } = await bench.load.ask('fire', shots.get(system));
        costs.get(system.label).push(((await system.cpu()) - before) / requests);
      });
    }
  }
  return costs;
}

/** @returns {Promise<number>} Requests a second, as it was in the second half. */
async function warmUp(bench, shot, seconds, requests = 0) {
  const { connections } = shot;
  const first = await bench.load.ask('fire', { ...shot, seconds: 1, amount: connections * 4 });
  const rate = first.requests / first.seconds;
  const amount = Math.max(connections * 2, requests, Math.round(rate * seconds));
  const second = await bench.load.ask('fire', {
    ...shot,
    seconds: Math.max(seconds, requests / rate),
    amount,
  });
  return second.requests / second.seconds;
}

/** What is measured must be right first. */
export async function checkAnswer(bench, system, body, holds) {
  const answer = await bench.load.ask('askOnce', system.asked(body));
  if (answer.status !== 200 || !answer.body.includes(holds))
    throw new Error(`${system.label} answered ${answer.status}: ${answer.body.slice(0, 300)}`);
}

/** Nobody is always the first of a round, and nobody always comes behind the same other one: that costs up to 40 us. */
function inTurn(items, round) {
  const start = round % items.length;
  const rotated = [...items.slice(start), ...items.slice(0, start)];
  return round % 2 === 0 ? rotated : rotated.reverse();
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function percentile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/**
 * What the empty handler takes on the machine that the targets in microseconds were set on. This one may be slower, and
 * be at half its speed for a while because of its neighbours, and then is slower at everything.
 */
const HANDLER_US = 105;

/** Median of what one costs more than the other in the same round, where the empty handler takes 105 us. */
export function added(costs, label, base) {
  const handler = costs.get('handler');
  return median(
    costs.get(label).map((cost, round) => ((cost - costs.get(base)[round]) * HANDLER_US) / handler[round]),
  );
}

/** Median of what one costs in terms of the other in the same round. */
export function ratio(costs, label, base) {
  return median(costs.get(label).map((cost, round) => cost / costs.get(base)[round]));
}

/** The absolute figures behind a row. */
export function costLine(costs) {
  return [...costs].map(([label, values]) => `${label} ${Math.round(median(values))}`).join(', ');
}

/** @returns {Row} */
export function addedRow(work, costs, label, base, limit, note) {
  const microseconds = added(costs, label, base);
  const here = median(costs.get(label)) - median(costs.get(base));
  return {
    work,
    target: `<= ${limit} us added`,
    measured: `${microseconds.toFixed(1)} us`,
    ok: microseconds <= limit,
    note: `${ratio(costs, label, base).toFixed(2)}x; here ${here.toFixed(0)} us; ${note}`,
  };
}

/** @returns {Row} */
export function ratioRow(work, factor, limit, than, note) {
  return {
    work,
    target: `<= ${limit}x ${than}`,
    measured: `${factor.toFixed(2)}x`,
    ok: factor <= limit,
    note,
  };
}
