/**
 * Processes that answer questions: what is measured, what loads it and what stands behind it run apart, so that none
 * of them pays for another. Both ends of the conversation are here.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** No question takes longer than this, in milliseconds; a run that hangs must end. */
const ANSWER_LIMIT_MS = 150_000;

/** Every process this run has started and not yet ended, and every folder it has made. */
const running = new Set();
const folders = [];

/** Ends a process with the run, however the run ends. */
export function endWithRun(process_) {
  running.add(process_);
  process_.once('exit', () => running.delete(process_));
  return process_;
}

/** A folder that goes with the run. */
export function makeFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), `bench-${name}-`));
  folders.push(folder);
  return folder;
}

function endAll() {
  for (const process_ of running) process_.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

process.on('exit', endAll);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    // Only one of a dozen processes needs to say so.
    if (process.send === undefined) console.error(`Stopped by ${signal}.`);
    process.exit(1);
  });
}

/**
 * What is measured has the first core to itself, and all others share the rest. Otherwise the scheduler moves processes
 * about, and they push each other out of the caches: the same build took up to a fifth more in one process than in the
 * next. By `taskset`, where there is one.
 */
const ALONE = '0';
const BESIDE = `1-${availableParallelism() - 1}`;

/**
 * @param {boolean | undefined} measured Undefined: wherever there is room.
 * @returns {[string, string[]]} Program and arguments.
 */
export function onCore(measured, program, args) {
  if (measured === undefined) return [program, args];
  return ['taskset', ['-c', measured ? ALONE : BESIDE, program, ...args]];
}

/** A process that was started from a file beside this one. */
export class Child {
  #process;
  #waiting = new Map();
  #asked = 0;
  #ended;

  /**
   * @param {string} file Name of a module in this folder that calls `answerParent`.
   * @param {{ flags?: string[], env?: NodeJS.ProcessEnv, measured?: boolean }} [options] `flags` are Node's own;
   *   `measured` as for `onCore`.
   */
  constructor(file, { flags = [], env = {}, measured } = {}) {
    this.file = file;
    const [execPath, execArgv] = onCore(measured, process.execPath, flags);
    this.#process = endWithRun(
      fork(fileURLToPath(new URL(file, import.meta.url)), [], {
        execPath,
        execArgv,
        env: { ...process.env, DEBUG: '', NODE_ENV: 'production', ...env },
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      }),
    );
    this.#process.on('message', ({ id, value, error }) => {
      const answer = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) answer?.resolve(value);
      else answer?.reject(new Error(`${file}: ${error}`));
    });
    this.#ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.once('exit', (code, signal) => {
      const fault = new Error(`${file} ended too early (${signal ?? code})`);
      for (const { reject } of this.#waiting.values()) reject(fault);
      this.#waiting.clear();
    });
  }

  get pid() {
    return this.#process.pid;
  }

  /** Asks the process to do something and waits for what it answers. */
  ask(question, ...args) {
    return new Promise((resolve, reject) => {
      const id = ++this.#asked;
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`${this.file} did not answer '${question}' in ${ANSWER_LIMIT_MS / 1000} s`));
      }, ANSWER_LIMIT_MS);
      const settle = (then) => (value) => {
        clearTimeout(timer);
        then(value);
      };
      this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
      this.#process.send({ id, question, args }, (error) => {
        if (error) this.#waiting.get(id)?.reject(error);
      });
    });
  }

  async stop() {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }
}

/** The other end. @param {Record<string, (...args: any[]) => unknown>} answers By question. */
export function answerParent(answers) {
  process.on('message', ({ id, question, args }) => {
    Promise.resolve()
      .then(() => answers[question](...args))
      .then(
        (value) => process.send({ id, value }),
        (error) => process.send({ id, error: error?.stack ?? String(error) }),
      );
  });
  // Whoever asks is gone, and with them every reason to stay.
  process.on('disconnect', () => process.exit());
}
