/** Numbers and times as people read them. */

export interface Formats {
  /** `12,345` */
  readonly count: (value: number) => string;
  /** `12.3K` from 10,000 on. */
  readonly compact: (value: number) => string;
  /** US dollars, with as many digits as a small price needs. */
  readonly usd: (value: number) => string;
  /** A share as `1.2%`. */
  readonly percent: (share: number) => string;
  /** Milliseconds as `845ms`, `1.24s`, `2m 5s`. */
  readonly duration: (ms: number) => string;
  /** `14:03:27` */
  readonly time: (at: number) => string;
  /** `14:03` */
  readonly minute: (at: number) => string;
  /** `Nov 22`, of the day in UTC: days are counted so. */
  readonly day: (at: number) => string;
  /** Date and time to the second. */
  readonly dateTime: (at: number) => string;
  /** `3 minutes ago` */
  readonly ago: (at: number, now: number) => string;
}

const AGO: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, ms: number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
];

export function createFormats(lang: string): Formats {
  const plain = new Intl.NumberFormat(lang);
  const short = new Intl.NumberFormat(lang, { notation: 'compact', maximumSignificantDigits: 3 });
  const dollars = createDollars(lang);
  const percent = new Intl.NumberFormat(lang, { style: 'percent', maximumFractionDigits: 1 });
  const clock = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const minute = new Intl.DateTimeFormat(lang, clock);
  const time = new Intl.DateTimeFormat(lang, { ...clock, second: '2-digit' });
  const day = new Intl.DateTimeFormat(lang, { month: 'short', day: 'numeric', timeZone: 'UTC' });
  const date = { year: 'numeric', month: 'short', day: 'numeric' } as const;
  const dateTime = new Intl.DateTimeFormat(lang, { ...date, ...clock, second: '2-digit' });
  const relative = new Intl.RelativeTimeFormat(lang, { numeric: 'auto' });
  return {
    count: (value) => plain.format(value),
    compact: (value) => (Math.abs(value) < 10_000 ? plain : short).format(value),
    usd: dollars,
    percent: (share) => percent.format(share),
    duration: createDuration(lang),
    time: (at) => time.format(at),
    minute: (at) => minute.format(at),
    day: (at) => day.format(at),
    dateTime: (at) => dateTime.format(at),
    ago(at, now) {
      const passed = Math.max(0, now - at);
      const [unit, ms] = AGO.find(([, length]) => passed >= length) ?? (['second', 1000] as const);
      return relative.format(-Math.floor(passed / ms), unit);
    },
  };
}

function createDollars(lang: string): (value: number) => string {
  const common = { style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol' } as const;
  const full = new Intl.NumberFormat(lang, common);
  const fine = new Intl.NumberFormat(lang, { ...common, minimumFractionDigits: 4, maximumFractionDigits: 4 });
  return (value) => {
    if (value === 0 || value >= 1) return full.format(value);
    return value < 0.0001 ? `< ${fine.format(0.0001)}` : fine.format(value);
  };
}

function createDuration(lang: string): (ms: number) => string {
  const unit = (name: string, digits: number): Intl.NumberFormat =>
    new Intl.NumberFormat(lang, {
      style: 'unit',
      unit: name,
      unitDisplay: 'narrow',
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
  const ms = unit('millisecond', 0);
  const seconds = unit('second', 2);
  const whole = unit('second', 0);
  const minutes = unit('minute', 0);
  return (value) => {
    if (value < 999.5) return ms.format(value);
    if (value < 59_995) return (value % 1000 === 0 ? whole : seconds).format(value / 1000);
    const total = Math.round(value / 1000);
    return `${minutes.format(Math.floor(total / 60))} ${whole.format(total % 60)}`;
  };
}
