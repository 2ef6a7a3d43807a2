/** One cloud of Settings > Cloud Providers. */
import type { JSX } from 'preact';
import { faceOf, toneOf, type CloudVariables } from './clouds.ts';
import { useLocale } from './locale.ts';
import type { CloudState, Health } from './types.ts';
import { ConfiguredBadge, CopyButton, Icon } from './ui.tsx';

export function CloudCard({ prefix, state }: { prefix: string; state: CloudState }): JSX.Element {
  const { t } = useLocale();
  const face = faceOf(prefix);
  return (
    <article class="panel card cloud" data-cloud={toneOf(prefix)} aria-labelledby={`cloud-${prefix}`}>
      <header>
        <span class="monogram" aria-hidden="true">
          {face.name.slice(0, 1).toUpperCase()}
        </span>
        <h2 id={`cloud-${prefix}`}>{face.name}</h2>
        <ConfiguredBadge configured={state.configured} />
      </header>
      <dl>
        <div class="fact">
          <dt>{t('prefix')}</dt>
          <dd>
            <code>{prefix}:</code>
          </dd>
        </div>
        {state.base_url !== undefined && (
          <div class="fact">
            <dt>{t('baseUrl')}</dt>
            <dd>
              <code>{state.base_url}</code>{' '}
              <CopyButton text={state.base_url} label={`${t('copy')}: ${t('baseUrl')} ${face.name}`} />
            </dd>
          </div>
        )}
        {state.configured && (
          <div class="fact">
            <dt>{t('health')}</dt>
            <dd>
              <HealthView health={state.health} />
            </dd>
          </div>
        )}
      </dl>
      <details open={!state.configured}>
        <summary>{t('howToConfigure')}</summary>
        {face.variables === undefined ? (
          <p>{t('configureOther')}</p>
        ) : (
          <HowTo name={face.name} variables={face.variables} />
        )}
      </details>
    </article>
  );
}

function HealthView({ health }: { health: Health | undefined }): JSX.Element {
  const { t, format } = useLocale();
  const now = Date.now();
  const success = toMs(health?.last_success);
  const failure = toMs(health?.last_error?.at);
  const wait = toMs(health?.retry_after_until);
  if (success === undefined && failure === undefined) return <span class="muted">{t('noTraffic')}</span>;
  const ago = (at: number): JSX.Element => (
    <time dateTime={new Date(at).toISOString()} title={format.dateTime(at)}>
      {format.ago(at, now)}
    </time>
  );
  return (
    <ul class="health">
      {success !== undefined && (
        <li class="good-text">
          <Icon name="check" />
          <span>{around(t('lastSuccess', { ago: SLOT }), ago(success))}</span>
        </li>
      )}
      {failure !== undefined && (
        <li class={success === undefined || failure > success ? 'bad-text' : 'muted'}>
          <Icon name="alert" />
          <span>
            {around(t('lastError', { ago: SLOT }), ago(failure))} <code>{health?.last_error?.code}</code>
          </span>
        </li>
      )}
      {wait !== undefined && wait > now && (
        <li class="warn-text">
          <Icon name="pause" />
          <span>{t('retryAfterUntil', { time: format.time(wait) })}</span>
        </li>
      )}
    </ul>
  );
}

const SLOT = '\u0000';

/** A sentence with an element in it. */
function around(sentence: string, element: JSX.Element): JSX.Element {
  const [before, after] = sentence.split(SLOT);
  return (
    <>
      {before}
      {element}
      {after}
    </>
  );
}

function toMs(instant: string | null | undefined): number | undefined {
  if (instant === null || instant === undefined) return undefined;
  const at = Date.parse(instant);
  return Number.isFinite(at) ? at : undefined;
}

function HowTo({ name, variables }: { name: string; variables: CloudVariables }): JSX.Element {
  const { t } = useLocale();
  const { key, keyExample, baseUrl, baseUrlDefault } = variables;
  return (
    <>
      <p>{t('configureText')}</p>
      <Command text={`export ${key}="${keyExample}"`} name={name} />
      <p>{t('configureFile')}</p>
      <Command text={`export ${key}_FILE="/run/secrets/${key.toLowerCase()}"`} name={name} />
      <p>{t('configureBase', { url: baseUrlDefault })}</p>
      <Command text={`export ${baseUrl}="https://..."`} name={name} />
    </>
  );
}

function Command({ text, name }: { text: string; name: string }): JSX.Element {
  const { t } = useLocale();
  return (
    <div class="command">
      <code>{text}</code>
      <CopyButton text={text} label={`${t('copy')}: ${text.replace(/^export |=.*$/g, '')} (${name})`} />
    </div>
  );
}
