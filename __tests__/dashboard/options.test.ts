import { createDashboard } from '../../lib/dashboard/index.ts';
import type { DashboardOptions } from '../../lib/dashboard/options.ts';
import request from 'supertest';
import express from 'express';
import { createOptions, LOGIN } from './support/app.ts';

function messageOf(start: () => unknown): string {
  try {
    start();
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
  return 'it started';
}

describe('createDashboard at start-up', () => {
  test.each(['username', 'password', 'sessionSecret'] as const)('has no default for %s', (name) => {
    const { [name]: _removed, ...others } = createOptions();
    expect(messageOf(() => createDashboard(others as DashboardOptions))).toBe(
      `createDashboard: ${name} must be a text that is not blank. There is no default.`,
    );
  });

  test.each<[unknown, string]>([
    ['', 'empty'],
    ['  \t', 'blank'],
    [undefined, 'undefined'],
    [null, 'null'],
    [12345, 'a number'],
    [['test'], 'a list'],
  ])('refuses %j as name, password and secret: it is %s', (value) => {
    const messages = ['username', 'password', 'sessionSecret'].map((name) =>
      messageOf(() => createDashboard({ ...createOptions(), [name]: value } as DashboardOptions)),
    );
    expect(messages).toEqual(
      ['username', 'password', 'sessionSecret'].map(
        (name) => `createDashboard: ${name} must be a text that is not blank. There is no default.`,
      ),
    );
  });

  test('refuses no options at all', () => {
    expect(messageOf(() => Reflect.apply(createDashboard, undefined, []))).toMatch(
      /^createDashboard: username/,
    );
  });

  test.each(['status', 'usage', 'models'])('refuses a router without %s()', (name) => {
    const router = { ...createOptions().router, [name]: undefined };
    const options = { ...createOptions(), router } as unknown as DashboardOptions;
    expect(messageOf(() => createDashboard(options))).toBe(
      `createDashboard: router must be what createPrefixRouter() returned; it has no ${name}().`,
    );
  });

  test('refuses a playground that is no handler', () => {
    const options = { ...createOptions(), playground: 'yes' } as unknown as DashboardOptions;
    expect(messageOf(() => createDashboard(options))).toBe(
      'createDashboard: playground must be an Express app or request handler.',
    );
  });

  test.each([
    'scrypt:',
    'scrypt:abc',
    'scrypt:c2FsdA==:',
    'scrypt:c2FsdHNhbHQ=:c2hvcnQ=',
    'scrypt:!!!!:????',
  ])('refuses the broken hash %s and does not repeat it', (password) => {
    expect(messageOf(() => createDashboard(createOptions({ password })))).toBe(
      'createDashboard: password begins with "scrypt:" but is not scrypt:<salt>:<hash> in base64 (salt of 8 bytes or more, hash of 16 or more).',
    );
  });

  test('of one that starts, no common pair of words opens it', async () => {
    const app = express().use(createDashboard(createOptions()));
    const pairs = [
      'admin admin',
      'admin test',
      'admin password',
      'root root',
      'admin 123456',
      'test test',
      'operator operator',
      'user user',
    ];
    const statuses: number[] = [];
    for (const pair of pairs) {
      const [username, password] = pair.split(' ');
      statuses.push((await request(app).post('/login').send({ username, password })).status);
    }
    expect(statuses).toEqual(Array(8).fill(401));
    expect((await request(app).post('/login').send(LOGIN)).status).toBe(200);
  });
});
