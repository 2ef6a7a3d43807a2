/** Overview: how often, how fast and how dear each cloud was, and the last calls. */
import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import { usePolled, type Polled } from './api.ts';
import { Calls } from './calls.tsx';
import { Chart } from './chart.tsx';
import { faceOf } from './clouds.ts';
import { CloudsTable } from './clouds-table.tsx';
import { costOf, toChartData, tokensOf } from './figures.ts';
import { useLocale, type Locale, type TextKey } from './locale.ts';
import { Tiles } from './tiles.tsx';
import type { Status, UsageReport, UsageSums, UsageWindow } from './types.ts';
import { CloudName, Icon, LoadFailed, Segments, useTitle } from './ui.tsx';

const USAGE_EVERY_MS = 2000;
const STATUS_EVERY_MS = 15_000;

const WINDOW_TEXTS: Readonly<Record<UsageWindow, readonly [short: TextKey, long: TextKey]>> = {
  hour: ['windowHour', 'windowHourLong'],
  day: ['windowDay', 'windowDayLong'],
  month: ['windowMonth', 'windowMonthLong'],
};

export function Overview(): JSX.Element {
  const { t } = useLocale();
  useTitle(t('overview'));
  const [window, setWindow] = useState<UsageWindow>('hour');
  const [live, setLive] = useState(true);
  const usage = usePolled<UsageReport>(`api/usage?window=${window}`, live ? USAGE_EVERY_MS : 0);
  const status = usePolled<Status>('api/status', STATUS_EVERY_MS);
  const report = usage.data;
  const prefixes = useStable(knownPrefixes(status, report));
  const choices = (Object.keys(WINDOW_TEXTS) as UsageWindow[]).map((value) => ({
    value,
    label: t(WINDOW_TEXTS[value][0]),
  }));
  return (
    <div class="page wide">
      <div class="page-head">
        <h1>{t('overview')}</h1>
        <LiveSwitch live={live} onChange={setLive} at={usage.at} />
        <Segments label={t('window')} value={window} choices={choices} onChange={setWindow} />
      </div>
      <Trouble usage={usage} />
      <Tiles report={report} />
      <section aria-labelledby="charts-title">
        <div class="section-head">
          <h2 id="charts-title">{t('charts')}</h2>
          <span class="muted">{t(WINDOW_TEXTS[report?.window ?? window][1])}</span>
          <ul class="legend" aria-label={t('clouds')}>
            {prefixes.map((prefix) => (
              <li key={prefix}>
                <CloudName prefix={prefix} />
              </li>
            ))}
          </ul>
        </div>
        <Charts report={report} prefixes={prefixes} />
      </section>
      <CloudsTable report={report} status={status.data} prefixes={prefixes} />
      <Calls report={report} prefixes={prefixes} />
    </div>
  );
}

/** All clouds there are, in the router's order; then those that have only calls. None before the router has answered. */
function knownPrefixes({ data, error }: Polled<Status>, report: UsageReport | undefined): string[] {
  if (data === undefined && error === undefined) return [];
  return [...new Set([...Object.keys(data?.cloud_providers ?? {}), ...Object.keys(report?.totals ?? {})])];
}

/** The same array as long as its entries are the same. */
function useStable(entries: readonly string[]): readonly string[] {
  const kept = useRef(entries);
  if (kept.current.join('\n') !== entries.join('\n')) kept.current = entries;
  return kept.current;
}

function LiveSwitch({
  live,
  onChange,
  at,
}: {
  live: boolean;
  onChange: (live: boolean) => void;
  at: number | undefined;
}): JSX.Element {
  const { t, format } = useLocale();
  const label = t(live ? 'pause' : 'resume');
  return (
    <div class="live">
      <span class="muted updated">{at === undefined ? '' : t('updated', { time: format.time(at) })}</span>
      <button
        type="button"
        class={`quiet-button ${live ? 'on' : ''}`}
        title={label}
        onClick={() => onChange(!live)}
      >
        <span class="pulse" aria-hidden="true" />
        <span>{t(live ? 'live' : 'paused')}</span>
        <span class="sr">{label}</span>
      </button>
    </div>
  );
}

function Trouble({ usage }: { usage: Polled<UsageReport> }): JSX.Element | null {
  const { t, format } = useLocale();
  const { error, data, at, refresh } = usage;
  if (error === undefined) return null;
  if (data === undefined) return <LoadFailed error={error} retry={refresh} />;
  return (
    <p class="notice warn" role="status">
      <Icon name="alert" />
      <span>{t('offline', { time: format.time(at ?? Date.now()) })}</span>
    </p>
  );
}

interface Panel {
  readonly title: TextKey;
  readonly kind: 'bars' | 'lines';
  readonly valueOf: (sums: UsageSums) => number | null;
  /** The least that `format` tells apart. */
  readonly step: number;
  readonly format: (locale: Locale) => (value: number) => string;
}

const PANELS: readonly Panel[] = [
  {
    title: 'requests',
    kind: 'bars',
    valueOf: (sums) => sums.requests,
    step: 1,
    format: ({ format }) => format.compact,
  },
  {
    title: 'errors',
    kind: 'bars',
    valueOf: (sums) => sums.errors,
    step: 1,
    format: ({ format }) => format.compact,
  },
  {
    title: 'latencyP50',
    kind: 'lines',
    valueOf: (sums) => sums.latencyMs?.p50 ?? null,
    step: 1,
    format: ({ format }) => format.duration,
  },
  { title: 'tokens', kind: 'bars', valueOf: tokensOf, step: 1, format: ({ format }) => format.compact },
  { title: 'costEstimate', kind: 'bars', valueOf: costOf, step: 0.0001, format: ({ format }) => format.usd },
  {
    title: 'latencyP95',
    kind: 'lines',
    valueOf: (sums) => sums.latencyMs?.p95 ?? null,
    step: 1,
    format: ({ format }) => format.duration,
  },
];

function Charts({
  report,
  prefixes,
}: {
  report: UsageReport | undefined;
  prefixes: readonly string[];
}): JSX.Element {
  return (
    <div class="charts">
      {PANELS.map((panel) => (
        <ChartPanel key={panel.title} panel={panel} report={report} prefixes={prefixes} />
      ))}
    </div>
  );
}

interface ChartPanelProps {
  readonly panel: Panel;
  readonly report: UsageReport | undefined;
  readonly prefixes: readonly string[];
}

function ChartPanel({ panel, report, prefixes }: ChartPanelProps): JSX.Element {
  const locale = useLocale();
  const { t } = locale;
  const { kind, valueOf, step } = panel;
  const format = panel.format(locale);
  const data = useMemo(
    () => report && toChartData(report, prefixes, valueOf, kind === 'bars' ? 0 : null),
    [report, prefixes, valueOf, kind],
  );
  const title = t(panel.title);
  return (
    <figure class="panel chart">
      <figcaption>{title}</figcaption>
      <div class="plot-space">
        {report !== undefined && data !== undefined && prefixes.length > 0 && (
          <Chart
            {...{ title, kind, prefixes, report, data, step, format }}
            windowText={t(WINDOW_TEXTS[report.window][1])}
            summary={summaryOf(report, prefixes, valueOf, format, t('unknown')) || t('noCallsInWindow')}
          />
        )}
        {report !== undefined && report.points.length === 0 && (
          <p class="plot-empty">{t('noCallsInWindow')}</p>
        )}
      </div>
    </figure>
  );
}

function summaryOf(
  report: UsageReport,
  prefixes: readonly string[],
  valueOf: Panel['valueOf'],
  format: (value: number) => string,
  unknown: string,
): string {
  const totals = new Map(Object.entries(report.totals));
  return prefixes
    .flatMap((prefix) => {
      const sums = totals.get(prefix);
      if (sums === undefined) return [];
      const value = valueOf(sums);
      return [`${faceOf(prefix).name} ${value === null ? unknown : format(value)}`];
    })
    .join(', ');
}
