/** The clouds side by side: set up or not, and what the window comes to for each. */
import type { ComponentChildren, JSX } from 'preact';
import { costOf, tokensOf } from './figures.ts';
import { useLocale } from './locale.ts';
import type { Status, UsageReport, UsageSums } from './types.ts';
import { CloudName, ConfiguredBadge, Unknown } from './ui.tsx';

interface CloudsTableProps {
  readonly report: UsageReport | undefined;
  readonly status: Status | undefined;
  readonly prefixes: readonly string[];
}

export function CloudsTable({ report, status, prefixes }: CloudsTableProps): JSX.Element {
  const { t } = useLocale();
  const totals = new Map(Object.entries(report?.totals ?? {}));
  const states = new Map(Object.entries(status?.cloud_providers ?? {}));
  const inFlight = new Map(Object.entries(report?.inFlight ?? {}));
  return (
    <section aria-labelledby="clouds-title">
      <div class="section-head">
        <h2 id="clouds-title">{t('clouds')}</h2>
      </div>
      <div class="panel table-box" role="group" aria-labelledby="clouds-title" tabIndex={0}>
        <table class="clouds">
          <thead>
            <tr>
              <th scope="col">{t('cloud')}</th>
              <th scope="col">{t('state')}</th>
              <th scope="col" class="number">
                {t('inFlight')}
              </th>
              <th scope="col" class="number">
                {t('requests')}
              </th>
              <th scope="col" class="number">
                {t('errors')}
              </th>
              <th scope="col" class="number">
                {t('tokensInOut')}
              </th>
              <th scope="col" class="number">
                {t('cost')}
              </th>
              <th scope="col" class="number">
                {t('latency')} <small>{t('p50p95')}</small>
              </th>
              <th scope="col" class="number">
                {t('firstByte')} <small>{t('p50p95')}</small>
              </th>
            </tr>
          </thead>
          <tbody>
            {prefixes.length === 0 && <Blank />}
            {prefixes.map((prefix) => {
              const state = states.get(prefix);
              return (
                <tr key={prefix}>
                  <th scope="row">
                    <CloudName prefix={prefix} />
                  </th>
                  <td>{state !== undefined && <ConfiguredBadge configured={state.configured} />}</td>
                  <td class="number">{inFlight.get(prefix) ?? 0}</td>
                  <Figures sums={totals.get(prefix)} />
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Figures({ sums }: { sums: UsageSums | undefined }): JSX.Element {
  const { format } = useLocale();
  if (sums === undefined) return <Silent />;
  const cost = costOf(sums);
  return (
    <>
      <Cell>{format.count(sums.requests)}</Cell>
      <Cell>{sums.errors === 0 ? '0' : <span class="bad-text">{format.count(sums.errors)}</span>}</Cell>
      <Cell>
        {tokensOf(sums) === null ? (
          <Unknown />
        ) : (
          `${format.compact(sums.promptTokens)} / ${format.compact(sums.completionTokens)}`
        )}
      </Cell>
      <Cell>{cost === null ? <Unknown /> : format.usd(cost)}</Cell>
      <Cell>{pair(sums.latencyMs, format.duration)}</Cell>
      <Cell>{pair(sums.firstByteMs, format.duration)}</Cell>
    </>
  );
}

/** Holds the place of as many clouds as there mostly are. */
function Blank(): JSX.Element {
  return (
    <>
      {[1, 2, 3].map((row) => (
        <tr key={row}>
          <td colSpan={9} />
        </tr>
      ))}
    </>
  );
}

/** A cloud without calls: nothing was asked, so nothing is zero but the number of requests. */
function Silent(): JSX.Element {
  return (
    <>
      <Cell>0</Cell>
      {['errors', 'tokens', 'cost', 'latency', 'first byte'].map((name) => (
        <Cell key={name}>
          <span class="muted">–</span>
        </Cell>
      ))}
    </>
  );
}

function Cell({ children }: { children: ComponentChildren }): JSX.Element {
  return <td class="number">{children}</td>;
}

function pair(percentiles: UsageSums['latencyMs'], format: (ms: number) => string): string {
  return percentiles === undefined ? '–' : `${format(percentiles.p50)} / ${format(percentiles.p95)}`;
}
