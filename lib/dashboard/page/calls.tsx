/** The last calls: a table with a filter, and a door to each call's details. */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { CallDetail } from './call-detail.tsx';
import { CallState } from './call-state.tsx';
import { faceOf } from './clouds.ts';
import { useLocale } from './locale.ts';
import type { RecentCall, UsageReport } from './types.ts';
import { CloudName, Empty, Icon, Unknown } from './ui.tsx';

interface Filter {
  readonly text: string;
  /** A prefix, or empty for all. */
  readonly cloud: string;
  readonly errorsOnly: boolean;
}

const NO_FILTER: Filter = { text: '', cloud: '', errorsOnly: false };
const PAGE_SIZE = 20;

interface CallsProps {
  readonly report: UsageReport | undefined;
  readonly prefixes: readonly string[];
}

export function Calls({ report, prefixes }: CallsProps): JSX.Element {
  const { t } = useLocale();
  const [filter, setFilter] = useState(NO_FILTER);
  const [shown, setShown] = useState(PAGE_SIZE);
  const [opened, setOpened] = useState<RecentCall>();
  const all = report?.recent ?? [];
  const matching = useMemo(() => all.filter((call) => matches(call, filter)), [report, filter]);
  const change = (part: Partial<Filter>): void => {
    setFilter({ ...filter, ...part });
    setShown(PAGE_SIZE);
  };
  return (
    <section aria-labelledby="calls-title">
      <div class="section-head">
        <h2 id="calls-title">{t('calls')}</h2>
        <span class="muted hint">{t('callsHint')}</span>
      </div>
      <div class="panel">
        <FilterBar
          filter={filter}
          prefixes={prefixes}
          onChange={change}
          found={matching.length}
          all={all.length}
        />
        {matching.length > 0 && <CallTable calls={matching.slice(0, shown)} onOpen={setOpened} />}
        {matching.length > shown && (
          <button type="button" class="more" onClick={() => setShown(shown + 3 * PAGE_SIZE)}>
            {t('showMore', { n: Math.min(3 * PAGE_SIZE, matching.length - shown) })}
          </button>
        )}
        {report !== undefined && all.length === 0 && <Empty title={t('noCalls')} text={t('noCallsText')} />}
        {all.length > 0 && matching.length === 0 && (
          <Empty title={t('noMatch')}>
            <button type="button" class="button small" onClick={() => setFilter(NO_FILTER)}>
              {t('clearFilter')}
            </button>
          </Empty>
        )}
      </div>
      {opened !== undefined && <CallDetail call={opened} onClose={() => setOpened(undefined)} />}
    </section>
  );
}

function matches(call: RecentCall, { text, cloud, errorsOnly }: Filter): boolean {
  if (cloud !== '' && call.provider !== cloud) return false;
  if (errorsOnly && call.errorCode === null) return false;
  const { provider, model, billedModel, endpoint, status, errorCode, requestId } = call;
  const words = `${provider}:${model} ${billedModel ?? ''} ${endpoint} ${status} ${errorCode ?? ''} ${requestId ?? ''}`;
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((part) => words.toLowerCase().includes(part));
}

interface FilterBarProps {
  readonly filter: Filter;
  readonly prefixes: readonly string[];
  readonly onChange: (part: Partial<Filter>) => void;
  readonly found: number;
  readonly all: number;
}

function FilterBar({ filter, prefixes, onChange, found, all }: FilterBarProps): JSX.Element {
  const { t } = useLocale();
  return (
    <div class="filter" role="search" aria-label={t('calls')}>
      <div class="search-box">
        <Icon name="search" />
        <input
          type="search"
          aria-label={t('filterCalls')}
          placeholder={t('filterCalls')}
          value={filter.text}
          onInput={(event) => onChange({ text: event.currentTarget.value })}
        />
      </div>
      <select
        aria-label={t('filterCloud')}
        value={filter.cloud}
        onChange={(event) => onChange({ cloud: event.currentTarget.value })}
      >
        <option value="">{t('allClouds')}</option>
        {prefixes.map((prefix) => (
          <option key={prefix} value={prefix}>
            {faceOf(prefix).name}
          </option>
        ))}
      </select>
      <label class="check">
        <input
          type="checkbox"
          checked={filter.errorsOnly}
          onChange={(event) => onChange({ errorsOnly: event.currentTarget.checked })}
        />
        <span>{t('errorsOnly')}</span>
      </label>
      <span class="muted found" role="status">
        {t('shownOf', { n: found, all })}
      </span>
    </div>
  );
}

function CallTable({
  calls,
  onOpen,
}: {
  calls: readonly RecentCall[];
  onOpen: (call: RecentCall) => void;
}): JSX.Element {
  const { t } = useLocale();
  return (
    <div class="table-box">
      <table class="calls">
        <thead>
          <tr>
            <th scope="col">{t('time')}</th>
            <th scope="col" class="roomy">
              {t('cloud')}
            </th>
            <th scope="col">{t('model')}</th>
            <th scope="col" class="roomier">
              {t('endpoint')}
            </th>
            <th scope="col">{t('status')}</th>
            <th scope="col" class="number">
              {t('duration')}
            </th>
            <th scope="col" class="number roomy">
              {t('firstByte')}
            </th>
            <th scope="col" class="number roomy">
              {t('tokensInOut')}
            </th>
            <th scope="col" class="number roomy">
              {t('cost')}
            </th>
          </tr>
        </thead>
        <tbody>
          {calls.map((call) => (
            <CallRow key={call.number} call={call} onOpen={onOpen} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function CallRow({ call, onOpen }: { call: RecentCall; onOpen: (call: RecentCall) => void }): JSX.Element {
  const { t, format } = useLocale();
  const { usage, costUsd, firstByteMs } = call;
  return (
    <tr onClick={() => onOpen(call)}>
      <td class="time">{format.time(call.startedAt)}</td>
      <td class="roomy">
        <CloudName prefix={call.provider} />
      </td>
      <td class="model">
        <div>
          <button type="button" class="link" aria-haspopup="dialog" title={call.model}>
            {call.model}
          </button>
          {call.stream && (
            <span class="flag" title={t('streamed')}>
              <Icon name="stream" />
              <span class="sr">{t('streamed')}</span>
            </span>
          )}
        </div>
      </td>
      <td class="roomier muted">{call.endpoint}</td>
      <td>
        <CallState call={call} />
      </td>
      <td class="number">{format.duration(call.totalMs)}</td>
      <td class="number roomy">
        {firstByteMs === undefined ? <span class="muted">–</span> : format.duration(firstByteMs)}
      </td>
      <td class="number roomy">
        {usage === undefined ? (
          <Unknown />
        ) : (
          `${format.count(usage.prompt_tokens)} / ${format.count(usage.completion_tokens)}`
        )}
      </td>
      <td class="number roomy">{costUsd === undefined ? <Unknown /> : format.usd(costUsd)}</td>
    </tr>
  );
}
