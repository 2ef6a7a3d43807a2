/** One chart of the overview: uPlot with this page's colours, words and tooltip. */
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { faceOf, toneOf } from './clouds.ts';
import { useDisplay } from './display.tsx';
import { stack, type ChartData } from './figures.ts';
import { useLocale, type Locale } from './locale.ts';
import type { UsageReport, UsageWindow } from './types.ts';

export interface ChartProps {
  readonly title: string;
  /** The window in words. */
  readonly windowText: string;
  readonly kind: 'bars' | 'lines';
  readonly prefixes: readonly string[];
  readonly report: UsageReport;
  readonly data: ChartData;
  /** The least that `format` tells apart: two marks of the axis are as far from each other, or farther. */
  readonly step: number;
  readonly format: (value: number) => string;
  /** What the whole window comes to, for those who do not see the chart. */
  readonly summary: string;
}

const HEIGHT = 150;

export function Chart(props: ChartProps): JSX.Element {
  const locale = useLocale();
  const { dark } = useDisplay();
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  // uPlot's callbacks outlive a render: they read the newest properties from here.
  const latest = useRef<Latest>({ ...props, locale });
  latest.current = { ...props, locale };
  const shape = `${props.kind} ${props.report.window} ${locale.lang} ${props.prefixes.join(' ')}`;
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const plot = new uPlot(createOptions(latest, element.clientWidth), plotData(latest.current), element);
    chart.current = plot;
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
      chart.current = undefined;
    };
  }, [shape]);
  useEffect(() => chart.current?.setData(plotData(latest.current)), [props.report]);
  // Bars keep their colour with their shape, so both are drawn anew; and at once, for a page that is being printed.
  useLayoutEffect(() => chart.current?.redraw(), [dark]);
  const values = { title: props.title, window: props.windowText, values: props.summary };
  return <div class="plot" ref={box} role="img" aria-label={locale.t('chartLabel', values)} />;
}

interface Latest extends ChartProps {
  readonly locale: Locale;
}

type LatestRef = { readonly current: Latest };

function plotData({ kind, data }: Latest): uPlot.AlignedData {
  if (kind === 'lines') return [[...data.starts], ...data.values.map((row) => [...row])];
  // The highest first: the lower bars are drawn over it.
  return [[...data.starts], ...stack(data.values).reverse()];
}

function createOptions(latest: LatestRef, width: number): uPlot.Options {
  const { kind, prefixes, report } = latest.current;
  const drawn = kind === 'bars' ? [...prefixes].reverse() : prefixes;
  return {
    width,
    height: HEIGHT,
    ms: 1,
    // Days are counted in UTC.
    ...(report.window === 'month' && { tzDate: (at: number) => uPlot.tzDate(new Date(at), 'Etc/UTC') }),
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      sync: { key: 'overview' },
      points: kind === 'bars' ? { show: false } : { size: 7, width: 2 },
    },
    scales: {
      x: { time: true, range: () => xRange(latest.current.report) },
      y: { range: (_, __, max) => [0, Math.max(max * 1.08, latest.current.step)] },
    },
    axes: [createXAxis(latest), createYAxis(latest)],
    series: [{}, ...drawn.map((prefix) => createSeries(kind, prefix, report.window === 'day' ? 0 : 1))],
    plugins: [createTooltip(latest)],
  };
}

/** Whole steps: the last one is still going on. */
function xRange({ from, to, stepMs }: UsageReport): [number, number] {
  return [from, from + Math.ceil((to - from) / stepMs) * stepMs];
}

function createXAxis(latest: LatestRef): uPlot.Axis {
  return {
    ...AXIS,
    size: 26,
    space: 56,
    grid: { show: false },
    ticks: { show: true, size: 4, width: 1, stroke: () => css('--line') },
    values: (_, splits) =>
      splits.map((at) => stepName(latest.current.report.window, at, latest.current.locale)),
  };
}

function createYAxis(latest: LatestRef): uPlot.Axis {
  return {
    ...AXIS,
    size: 58,
    space: 30,
    gap: 6,
    grid: { stroke: () => css('--grid'), width: 1 },
    ticks: { show: false },
    incrs: STEPS.filter((step) => step >= latest.current.step),
    values: (_, splits) => splits.map((value) => latest.current.format(value)),
  };
}

const AXIS: Pick<uPlot.Axis, 'stroke' | 'font'> = {
  stroke: () => css('--muted'),
  font: '11px system-ui, -apple-system, "Segoe UI", "Hiragino Sans", "Noto Sans JP", sans-serif',
};

/** 0.0001, 0.0002, 0.0005, 0.001, ... Read from text, as 10 ** -4 need not be the number that is written 0.0001. */
const STEPS = Array.from({ length: 17 }, (_, at) =>
  [1, 2, 5].map((digit) => Number(`${digit}e${at - 4}`)),
).flat();

function stepName(window: UsageWindow, at: number, { format }: Locale): string {
  return window === 'month' ? format.day(at) : format.minute(at);
}

/** @param gap Pixels between two bars; none where a day's 96 of them would leave no room for themselves. */
function createSeries(kind: ChartProps['kind'], prefix: string, gap: number): uPlot.Series {
  const colour = (): string => css(`--cloud-${toneOf(prefix)}`);
  if (kind === 'bars') {
    const paths = uPlot.paths.bars?.({ size: [0.9, 28], align: 1, gap });
    return { fill: colour, stroke: colour, width: 0, points: { show: false }, ...(paths && { paths }) };
  }
  return {
    stroke: colour,
    width: 1.75,
    points: { show: true, size: 4, fill: colour, width: 0 },
    spanGaps: false,
  };
}

function css(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Says what the step under the pointer comes to. The cursors of all charts move together, the tooltip belongs to one. */
function createTooltip(latest: LatestRef): uPlot.Plugin {
  const box = document.createElement('div');
  box.className = 'tooltip';
  box.hidden = true;
  return {
    hooks: {
      init: (plot) => plot.over.append(box),
      setCursor(plot) {
        const { idx, left = 0 } = plot.cursor;
        const hovered = plot.over.matches(':hover');
        box.hidden = !hovered || idx === null || idx === undefined || left < 0;
        if (box.hidden || typeof idx !== 'number') return;
        box.replaceChildren(...tooltipRows(latest.current, idx));
        const room = plot.over.clientWidth - box.offsetWidth;
        box.style.left = `${Math.max(0, Math.min(room, left < room - 12 ? left + 12 : left - box.offsetWidth - 12))}px`;
      },
    },
  };
}

function tooltipRows({ data, prefixes, report, format, locale }: Latest, index: number): HTMLElement[] {
  const head = document.createElement('strong');
  head.textContent = stepName(report.window, data.starts[index] ?? report.from, locale);
  const rows = prefixes.map((prefix, row) => {
    const value = data.values[row]?.[index] ?? null;
    const name = document.createElement('span');
    name.className = 'cloud-name';
    name.dataset['cloud'] = toneOf(prefix);
    name.textContent = faceOf(prefix).name;
    const figure = document.createElement('b');
    figure.textContent = value === null ? (data.idle === 0 ? locale.t('unknown') : '–') : format(value);
    const line = document.createElement('div');
    line.append(name, figure);
    return line;
  });
  return [head, ...rows];
}
