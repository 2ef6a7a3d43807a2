import { createFormats } from '../../lib/dashboard/page/format.ts';

const [en, ja] = [createFormats('en'), createFormats('ja')];

describe('figures as people read them', () => {
  test.each([
    [0, '0', '0'],
    [9999, '9,999', '9,999'],
    [12_345, '12.3K', '1.23万'],
    [4_567_890, '4.57M', '457万'],
  ])('%d is short enough for a tile', (value, english, japanese) => {
    expect([en.compact(value), ja.compact(value)]).toEqual([english, japanese]);
  });

  test.each([
    [0, '$0.00'],
    [12.345, '$12.35'],
    [1, '$1.00'],
    [0.1234567, '$0.1235'],
    [0.0004, '$0.0004'],
    [0.00004, '< $0.0001'],
  ])('%d dollars are %s: a small price is never shown as nothing', (value, text) => {
    expect([en.usd(value), ja.usd(value)]).toEqual([text, text]);
  });

  test.each([
    [0, '0ms', '0ms'],
    [999.4, '999ms', '999ms'],
    [999.6, '1.00s', '1.00s'],
    [1000, '1s', '1s'],
    [1240, '1.24s', '1.24s'],
    [59_994, '59.99s', '59.99s'],
    [59_999, '1m 0s', '1m 0s'],
    [125_000, '2m 5s', '2m 5s'],
    [3_600_000, '60m 0s', '60m 0s'],
  ])('%d milliseconds are %s', (value, english, japanese) => {
    expect([en.duration(value), ja.duration(value)]).toEqual([english, japanese]);
  });

  test.each([
    [0, 'now', '今'],
    [59_999, '59 seconds ago', '59 秒前'],
    [60_000, '1 minute ago', '1 分前'],
    [7_200_000, '2 hours ago', '2 時間前'],
    [86_400_000, 'yesterday', '昨日'],
    [-5000, 'now', '今'],
  ])('what was %d milliseconds ago is %s', (passed, english, japanese) => {
    const now = Date.UTC(2026, 10, 22, 12);
    expect([en.ago(now - passed, now), ja.ago(now - passed, now)]).toEqual([english, japanese]);
  });

  test('a day is the one in UTC, as the router counts them', () => {
    expect([en.day(Date.UTC(2026, 10, 22)), ja.day(Date.UTC(2026, 10, 22, 23, 59))]).toEqual([
      'Nov 22',
      '11月22日',
    ]);
  });

  test('a share has one digit behind the point', () => {
    expect([en.percent(0.02649), en.percent(1), en.count(1234567)]).toEqual(['2.6%', '100%', '1,234,567']);
  });
});
