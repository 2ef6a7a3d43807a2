import express from 'express';
import express4 from 'express4';
import request from 'supertest';
import { requireApiKey } from '../lib/auth.ts';

const UNAUTHORIZED = {
  error: {
    message: 'Missing or invalid API key',
    type: 'authentication_error',
    param: null,
    code: 'invalid_api_key',
  },
};

const HOSTS = [
  ['Express 5', express],
  ['Express 4', express4],
] as const;

describe.each(HOSTS)('requireApiKey in %s', (_, createHost) => {
  const app = createHost();
  app.use('/one', requireApiKey('sk-only'));
  app.use('/many', requireApiKey(['sk-first', 'sk-second', 'sk-third']));
  app.use((_req, res) => res.json({ served: true }));

  test.each(['sk-first', 'sk-second', 'sk-third'])(
    '%s of a list of keys lets a request pass',
    async (key) => {
      const answer = await request(app).get('/many/x').set('authorization', `Bearer ${key}`);
      expect([answer.status, answer.body]).toEqual([200, { served: true }]);
    },
  );

  test('a single key may be given without a list', async () => {
    const answer = await request(app).get('/one').set('authorization', 'Bearer sk-only');
    expect([answer.status, answer.body]).toEqual([200, { served: true }]);
  });

  test('the word Bearer may be written in any case and with several spaces behind it', async () => {
    const answer = await request(app).get('/one').set('authorization', 'bearer   sk-only');
    expect([answer.status, answer.body]).toEqual([200, { served: true }]);
  });

  test.each([
    ['no header', undefined],
    ['another key', 'Bearer sk-other'],
    ['a key that begins like a right one', 'Bearer sk-onl'],
    ['a key that goes on behind a right one', 'Bearer sk-only2'],
    ['a right key in other letters', 'Bearer SK-ONLY'],
    ['no key behind Bearer', 'Bearer '],
    ['two words behind Bearer', 'Bearer sk-only sk-only'],
    ['a list of keys', 'Bearer sk-only,sk-only'],
    ['the key alone', 'sk-only'],
    ['Basic authentication', `Basic ${Buffer.from('user:sk-only').toString('base64')}`],
    ['a key of 8 KiB', `Bearer ${'k'.repeat(8192)}`],
  ])("%s is answered with 401 in OpenAI's form", async (_case, authorization) => {
    const call = request(app).get('/one');
    const answer = await (authorization === undefined ? call : call.set('authorization', authorization));
    expect([answer.status, answer.body]).toEqual([401, UNAUTHORIZED]);
    expect(answer.headers).toMatchObject({ 'www-authenticate': 'Bearer', 'cache-control': 'no-store' });
  });

  test('a right key in x-api-key does not count', async () => {
    const answer = await request(app).get('/one').set('x-api-key', 'sk-only');
    expect([answer.status, answer.body]).toEqual([401, UNAUTHORIZED]);
  });

  test('the key is not taken from the query', async () => {
    const answer = await request(app).get('/one?api_key=sk-only&authorization=Bearer%20sk-only');
    expect([answer.status, answer.body]).toEqual([401, UNAUTHORIZED]);
  });
});

describe('requireApiKey at start-up', () => {
  test('refuses an empty list', () => {
    expect(() => requireApiKey([])).toThrow(
      new TypeError('requireApiKey needs at least one key: the list is empty.'),
    );
  });

  test.each([
    ['', 'empty'],
    ['   ', 'blank'],
    ['sk-a b', 'with a space in it'],
    ['sk-a\n', 'with a line end'],
    ['sk-ä', 'with a letter that headers cannot carry'],
  ])('refuses the key %j, which is %s, and does not repeat it', (key) => {
    expect(() => requireApiKey(['sk-good', key])).toThrow(
      new TypeError(
        'requireApiKey: key 2 of 2 is empty or has characters other than visible ASCII, so no client could send it.',
      ),
    );
  });

  // As a variable that is not set, or a host's own settings, may be given by a host in JavaScript.
  test.each([[undefined], [null], [{}], [5]])('refuses %j and says what to give', (keys) => {
    expect(() => requireApiKey(keys as unknown as string)).toThrow(
      new TypeError("requireApiKey needs your clients' keys: a text, or a list of texts."),
    );
  });

  test('refuses an empty string in place of a list', () => {
    expect(() => requireApiKey('')).toThrow(TypeError);
  });
});
