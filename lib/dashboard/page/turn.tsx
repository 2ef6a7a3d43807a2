/** One turn of the playground's conversation. */
import type { JSX } from 'preact';
import { ApiError } from './api.ts';
import type { Answer, Turn } from './conversation.ts';
import { useLocale, type TextKey } from './locale.ts';
import { Icon } from './ui.tsx';

export function TurnView({ turn }: { turn: Turn }): JSX.Element {
  const { t } = useLocale();
  if (turn.role === 'assistant') return <AnswerView answer={turn} />;
  return (
    <article class="turn user" aria-label={t('you')}>
      <p class="text">{turn.text}</p>
    </article>
  );
}

function AnswerView({ answer }: { answer: Answer }): JSX.Element {
  const { t } = useLocale();
  const { model, text, thought, state } = answer;
  const waiting = state === 'streaming' && text === '' && thought === '';
  return (
    <article class="turn assistant" aria-label={model} aria-busy={state === 'streaming'}>
      <header>
        <code>{model}</code>
      </header>
      {thought !== '' && (
        <details class="thought" open={text === ''}>
          <summary>{t('thinking')}</summary>
          <p class="text">{thought}</p>
        </details>
      )}
      {text !== '' && <p class={`text ${state === 'streaming' ? 'growing' : ''}`}>{text}</p>}
      {waiting && <p class="muted waiting">{t('waiting')}</p>}
      {state === 'done' && text === '' && thought === '' && <p class="muted">{t('emptyAnswer')}</p>}
      {state === 'failed' && <Failure error={answer.error} />}
      {state !== 'streaming' && <Foot answer={answer} />}
    </article>
  );
}

/** What the answer took. Its end is announced; the words themselves are not read out while they come. */
function Foot({ answer }: { answer: Answer }): JSX.Element {
  const { t, format } = useLocale();
  const { state, firstMs, totalMs, usage } = answer;
  const parts = [
    state === 'stopped' && t('stopped'),
    state === 'cut' && t('answerCut'),
    firstMs !== undefined && t('firstToken', { time: format.duration(firstMs) }),
    totalMs !== undefined && state !== 'failed' && format.duration(totalMs),
    usage !== undefined &&
      t('tokensUsed', { in: format.count(usage.prompt_tokens), out: format.count(usage.completion_tokens) }),
  ];
  return (
    <div class="turn-foot muted small" role="status">
      {state === 'done' && <span class="sr">{t('answerDone')}</span>}
      {parts.filter((part) => part !== false).join(' · ')}
    </div>
  );
}

const TITLES: ReadonlyMap<string | null, TextKey> = new Map([
  ['invalid_api_key', 'errorClientKey'],
  ['api_key_missing', 'errorApiKeyMissing'],
  ['unknown_prefix', 'errorUnknownPrefix'],
  ['model_not_found', 'errorModelNotFound'],
  ['rate_limited', 'errorRateLimited'],
  ['insufficient_quota', 'errorQuota'],
  ['provider_key_invalid', 'errorKeyInvalid'],
  ['timeout', 'errorTimeout'],
  ['provider_unreachable', 'errorUnreachable'],
  ['stream_interrupted', 'errorInterrupted'],
  ['playground_unavailable', 'errorUnavailable'],
]);

function Failure({ error }: { error: unknown }): JSX.Element {
  const { t } = useLocale();
  if (!(error instanceof ApiError)) {
    return (
      <div class="notice bad" role="alert">
        <Icon name="alert" />
        <span>{t('networkError')}</span>
      </div>
    );
  }
  const { details, code, status, retryAfter, message } = error;
  const cloud = details.provider_error;
  const fromCloud = [cloud?.status, cloud?.code ?? cloud?.type, cloud?.message, cloud?.request_id].filter(
    (part) => part !== undefined,
  );
  return (
    <div class="notice bad" role="alert">
      <Icon name="alert" />
      <div>
        <strong>{t(TITLES.get(code) ?? 'errorOther')}</strong>{' '}
        <code>{[status === 200 ? undefined : status, code].filter(Boolean).join(' ')}</code>
        <p>{message}</p>
        {code === 'invalid_api_key' && <p>{t('clientKeyText')}</p>}
        {details.hint !== undefined && <p>{details.hint}</p>}
        {retryAfter !== undefined && <p>{t('retryAfter', { n: retryAfter })}</p>}
        {fromCloud.length > 0 && (
          <p class="small">
            {t('fromCloud')}: {fromCloud.join(' · ')}
          </p>
        )}
      </div>
    </div>
  );
}
