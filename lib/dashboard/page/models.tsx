/** Models: every name that can be asked for, to search and to copy. */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { usePolled } from './api.ts';
import { faceOf, prefixOf, toneOf } from './clouds.ts';
import { useLocale } from './locale.ts';
import type { ModelEntry, ModelList, Status } from './types.ts';
import { Empty, Icon, LoadFailed, Segments, useCopy, useTitle } from './ui.tsx';

/** All models, or those of one cloud, or the local ones. */
type Owner = string;
const ALL = '*';
const LOCAL = '';

export function Models(): JSX.Element {
  const { t } = useLocale();
  useTitle(t('models'));
  const models = usePolled<ModelList>('api/models', 0);
  const status = usePolled<Status>('api/status', 0);
  const [text, setText] = useState('');
  const [owner, setOwner] = useState<Owner>(ALL);
  const prefixes = Object.keys(status.data?.cloud_providers ?? {});
  // Whose a model is can only be said of clouds that are known: until then none is shown, least of all as a local one.
  const all = status.data && models.data?.data;
  const error = models.error ?? status.error;
  const shown = useMemo(
    () => (all ?? []).filter((model) => isShown(model, text, owner, prefixes)),
    [all, text, owner, status.data],
  );
  const refresh = (): void => {
    models.refresh();
    status.refresh();
  };
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('models')}</h1>
        <span class="muted" role="status">
          {all === undefined ? '' : t('modelsCount', { n: shown.length })}
        </span>
      </div>
      <div class="filter bare" role="search" aria-label={t('models')}>
        <div class="search-box">
          <Icon name="search" />
          <input
            type="search"
            aria-label={t('searchModels')}
            placeholder={t('searchModels')}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </div>
        <Segments label={t('cloud')} value={owner} choices={useOwners(prefixes)} onChange={setOwner} />
      </div>
      {error !== undefined && all === undefined && <LoadFailed error={error} retry={refresh} />}
      {all === undefined && error === undefined && <p class="muted">{t('loading')}</p>}
      {all !== undefined && all.length === 0 && <Empty title={t('noModels')} text={t('noModelsText')} />}
      {all !== undefined && all.length > 0 && shown.length === 0 && (
        <Empty title={t('noModelMatch', { text })} />
      )}
      {shown.length > 0 && <ModelTable models={shown} prefixes={prefixes} />}
    </div>
  );
}

function useOwners(prefixes: readonly string[]): { value: Owner; label: string }[] {
  const { t } = useLocale();
  const clouds = prefixes.map((prefix) => ({ value: prefix, label: faceOf(prefix).name }));
  return [{ value: ALL, label: t('allOwners') }, ...clouds, { value: LOCAL, label: t('local') }];
}

function isShown({ id }: ModelEntry, text: string, owner: Owner, prefixes: readonly string[]): boolean {
  if (owner !== ALL && (prefixOf(id, prefixes) ?? LOCAL) !== owner) return false;
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((part) => id.toLowerCase().includes(part));
}

function ModelTable({
  models,
  prefixes,
}: {
  models: readonly ModelEntry[];
  prefixes: readonly string[];
}): JSX.Element {
  const { t } = useLocale();
  const { copied, failed, copy } = useCopy();
  return (
    <>
      <p class="muted hint">{t('modelsHint')}</p>
      <ul class="panel model-list">
        {models.map(({ id }) => (
          <ModelRow key={id} id={id} prefix={prefixOf(id, prefixes)} copied={copied === id} onCopy={copy} />
        ))}
      </ul>
      <span class="sr" role="status">
        {copied !== undefined ? `${t('copied')}: ${copied}` : failed ? t('copyFailed') : ''}
      </span>
    </>
  );
}

interface ModelRowProps {
  readonly id: string;
  readonly prefix: string | undefined;
  readonly copied: boolean;
  readonly onCopy: (id: string) => void;
}

function ModelRow({ id, prefix, copied, onCopy }: ModelRowProps): JSX.Element {
  const { t } = useLocale();
  const name = prefix === undefined ? id : id.slice(prefix.length + 1);
  return (
    <li>
      <button type="button" class="model-id" aria-label={t('copyModel', { id })} onClick={() => onCopy(id)}>
        <span class="cloud-mark" data-cloud={prefix === undefined ? 'local' : toneOf(prefix)} />
        <code>
          {prefix !== undefined && <span class="prefix">{prefix}:</span>}
          {name}
        </code>
        <span class={`copy-mark ${copied ? 'done' : ''}`} aria-hidden="true">
          <Icon name={copied ? 'check' : 'copy'} />
          {copied && t('copied')}
        </span>
      </button>
      <span class="muted owner">{prefix === undefined ? t('local') : faceOf(prefix).name}</span>
      <a
        class="button small"
        href={`#/playground?model=${encodeURIComponent(id)}`}
        aria-label={t('tryModel', { id })}
      >
        {t('try')}
      </a>
    </li>
  );
}
