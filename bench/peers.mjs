/** Others that do part of the same work, where this machine has them: nginx, and a well-known gateway in TypeScript. */
import { execFile, spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { endWithRun, makeFolder, onCore } from './child.mjs';
import { AT_WORK } from './measure.mjs';

const run = promisify(execFile);

/** How long the gateway may take to install, in milliseconds. */
const INSTALL_LIMIT_MS = 90_000;
/** How long a peer may take to listen. */
const START_LIMIT_MS = 15_000;

/**
 * @typedef {object} Peer
 * @property {string} name
 * @property {number} port
 * @property {Record<string, string>} headers Sent with every request.
 * @property {() => Promise<number>} cpu Microseconds used so far.
 * @property {() => Promise<void>} stop
 */

/** @returns {Promise<boolean>} Whether a program is on the path. */
export async function hasProgram(name) {
  return run('sh', ['-c', `command -v ${name}`]).then(
    () => true,
    () => false,
  );
}

/** @param measured As for `onCore`. @returns {Promise<Peer>} Throws with the reason where there is none. */
export async function startNginx(upstream, measured) {
  if (!(await hasProgram('nginx'))) throw new Error('nginx is not installed');
  const folder = makeFolder('nginx');
  const port = await freePort();
  await writeFile(join(folder, 'nginx.conf'), nginxConfig(folder, port, upstream));
  const args = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')];
  const started = spawn(...onCore(measured, 'nginx', args), { stdio: 'ignore' });
  return listening('nginx', started, port, {});
}

/** One process that does not fork, so that its CPU is that of one pid. */
function nginxConfig(folder, port, upstream) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join('\n  ');
  return `daemon off;
master_process off;
pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  ${temporary}
  client_max_body_size 0;
  client_body_buffer_size 64k;
  keepalive_requests 10000000;
  upstream cloud { server 127.0.0.1:${upstream}; keepalive 256; keepalive_requests 10000000; }
  server {
    listen 127.0.0.1:${port} backlog=2048;
    location / {
      proxy_pass http://cloud;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_request_buffering off;
    }
  }
}
`;
}

/** The versions its own lock file holds: with newer ones its streams answer 500. */
const GATEWAY = {
  private: true,
  dependencies: { '@portkey-ai/gateway': '1.15.2' },
  overrides: { hono: '4.9.7', '@hono/node-server': '1.13.5', '@hono/node-ws': '1.2.0' },
};

async function install(folder) {
  const installing = run(
    'npm',
    ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'],
    {
      cwd: folder,
      timeout: INSTALL_LIMIT_MS,
    },
  );
  endWithRun(installing.child);
  await installing.catch((cause) => {
    throw new Error(`it could not be installed within ${INSTALL_LIMIT_MS / 1_000} s`, { cause });
  });
}

/** @param measured As for `onCore`. @returns {Promise<Peer>} Throws with the reason where it cannot be installed. */
export async function startGateway(upstream, measured) {
  const folder = makeFolder('gateway');
  await writeFile(join(folder, 'package.json'), JSON.stringify(GATEWAY));
  await install(folder);
  const port = await freePort();
  const program = join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js');
  const args = [...AT_WORK, program, `--port=${port}`, '--headless'];
  const started = spawn(...onCore(measured, process.execPath, args), {
    stdio: 'ignore',
    cwd: folder,
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const headers = {
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `http://127.0.0.1:${upstream}/v1`,
    authorization: 'Bearer sk-bench-openai',
  };
  return listening('@portkey-ai/gateway', started, port, headers);
}

async function listening(name, started, port, headers) {
  endWithRun(started);
  const ended = new Promise((resolve) => started.once('exit', resolve));
  started.once('error', () => undefined);
  const stop = async () => {
    if (started.exitCode === null && started.signalCode === null) {
      started.kill('SIGKILL');
      await ended;
    }
  };
  const giveUp = Date.now() + START_LIMIT_MS;
  while (!(await accepts(port))) {
    if (Date.now() > giveUp || started.exitCode !== null) {
      await stop();
      throw new Error(`${name} was started and does not listen`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { name, port, headers, cpu: () => cpuOf(started.pid), stop };
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true) || socket.destroy());
    socket.once('error', () => resolve(false));
  });
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/**
 * CPU of another process with all its threads, in microseconds. The scheduler counts nanoseconds; where the kernel
 * does not tell them, `stat` has ticks of 10 ms.
 */
async function cpuOf(pid) {
  try {
    const threads = await readdir(`/proc/${pid}/task`);
    const counts = await Promise.all(
      threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0')),
    );
    const nanoseconds = counts.reduce((sum, text) => sum + Number(text.split(' ')[0]), 0);
    if (nanoseconds > 0) return nanoseconds / 1_000;
  } catch {
    // No such file here: the ticks must do.
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}
