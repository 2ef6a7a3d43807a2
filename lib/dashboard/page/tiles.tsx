/** The window in a few figures. */
import type { ComponentChildren, JSX } from 'preact';
import { addUp, costOf, tokensOf } from './figures.ts';
import { useLocale } from './locale.ts';
import type { UsageReport, UsageSums } from './types.ts';
import { CloudName, Unknown } from './ui.tsx';

export function Tiles({ report }: { report: UsageReport | undefined }): JSX.Element {
  const { t } = useLocale();
  return (
    <section aria-label={t('totals')} class="tiles" aria-busy={report === undefined}>
      {report === undefined ? <Blank /> : <Filled report={report} />}
    </section>
  );
}

/** Holds the place until the figures come. */
function Blank(): JSX.Element {
  const { t } = useLocale();
  return (
    <>
      {(['requests', 'errors', 'tokens', 'costEstimate', 'inFlight'] as const).map((title) => (
        <Tile key={title} title={t(title)} />
      ))}
    </>
  );
}

function Filled({ report }: { report: UsageReport }): JSX.Element {
  const { t, format } = useLocale();
  const sums = addUp(Object.values(report.totals)) as UsageSums;
  const tokens = tokensOf(sums);
  const cost = costOf(sums);
  const left = sums.clientLeft === 0 ? '' : t('clientsLeft', { n: sums.clientLeft });
  return (
    <>
      <Tile title={t('requests')} figure={format.compact(sums.requests)} note={left} />
      <Tile
        title={t('errors')}
        tone={sums.errors > 0 ? 'bad' : ''}
        figure={format.compact(sums.errors)}
        note={
          sums.errors === 0
            ? t('noErrors')
            : t('ofRequests', { share: format.percent(sums.errors / sums.requests) })
        }
      />
      <Tile
        title={t('tokens')}
        figure={tokens === null ? <Unknown /> : format.compact(tokens)}
        note={join(
          tokens !== null &&
            t('inOut', { in: format.compact(sums.promptTokens), out: format.compact(sums.completionTokens) }),
          sums.unknownUsage > 0 && t('unknownCalls', { n: sums.unknownUsage }),
        )}
      />
      <Tile
        title={t('costEstimate')}
        figure={cost === null ? <Unknown /> : format.usd(cost)}
        note={join(
          t('pricesOf', { date: report.prices.asOf }),
          sums.unknownCost > 0 && t('unknownCalls', { n: sums.unknownCost }),
        )}
      />
      <InFlight open={Object.entries(report.inFlight)} />
    </>
  );
}

function join(...parts: readonly (string | false)[]): ComponentChildren {
  return parts.filter((part) => part !== false).map((part) => <span key={part}>{part}</span>);
}

function InFlight({ open }: { open: readonly (readonly [string, number])[] }): JSX.Element {
  const { t, format } = useLocale();
  const total = open.reduce((sum, [, count]) => sum + count, 0);
  const note = open.map(([prefix, count]) => (
    <span key={prefix}>
      <CloudName prefix={prefix} /> {format.count(count)}
    </span>
  ));
  return (
    <Tile
      title={t('inFlight')}
      tone={total > 0 ? 'busy' : ''}
      figure={format.count(total)}
      note={total === 0 ? t('idle') : note}
    />
  );
}

interface TileProps {
  readonly title: string;
  readonly figure?: ComponentChildren;
  readonly note?: ComponentChildren;
  readonly tone?: string;
}

function Tile({ title, figure, note, tone = '' }: TileProps): JSX.Element {
  return (
    <div class={`panel tile ${tone}`}>
      <h2>{title}</h2>
      <p class="figure">{figure}</p>
      <p class="note">{note}</p>
    </div>
  );
}
