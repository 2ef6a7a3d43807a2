/** Everything that is known of one call. */
import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { CallState, endingOf, type Ending } from './call-state.tsx';
import { useLocale, type TextKey } from './locale.ts';
import type { RecentCall } from './types.ts';
import { CloudName, CopyButton, Icon, Unknown } from './ui.tsx';

const SENTENCES: Readonly<Record<Ending, TextKey>> = {
  ok: 'stateOkText',
  error: 'stateErrorText',
  left: 'stateLeftText',
  cut: 'stateCutText',
};

/** A dialog of the browser's own: it keeps the focus inside, closes on Escape and gives the focus back. */
export function CallDetail({ call, onClose }: { call: RecentCall; onClose: () => void }): JSX.Element {
  const { t } = useLocale();
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const closeOutside = (event: MouseEvent): void => {
    if (event.target === dialog.current) dialog.current?.close();
  };
  return (
    <dialog ref={dialog} class="sheet" aria-labelledby="call-title" onClose={onClose} onClick={closeOutside}>
      <div class="sheet-body">
        <div class="sheet-head">
          <div>
            <CloudName prefix={call.provider} />
            <h2 id="call-title">{call.model}</h2>
          </div>
          <button
            type="button"
            class="icon-button"
            aria-label={t('close')}
            onClick={() => dialog.current?.close()}
          >
            <Icon name="cross" />
          </button>
        </div>
        <p class="sheet-state">
          <CallState call={call} />
          <span>{t(SENTENCES[endingOf(call)], { code: call.errorCode ?? call.status })}</span>
        </p>
        <Timing call={call} />
        <Facts call={call} />
        <Tokens call={call} />
        <p class="muted small">{t('callsHint')}</p>
      </div>
    </dialog>
  );
}

function Timing({ call }: { call: RecentCall }): JSX.Element {
  const { t, format } = useLocale();
  const { firstByteMs, totalMs } = call;
  const share = firstByteMs === undefined || totalMs === 0 ? 1 : Math.min(1, firstByteMs / totalMs);
  return (
    <section>
      <h3>{t('timing')}</h3>
      <div class="bar" aria-hidden="true">
        <span style={{ width: `${share * 100}%` }} />
      </div>
      <dl>
        <Fact name={t('started')}>{format.dateTime(call.startedAt)}</Fact>
        <Fact name={t('untilFirstByte')}>
          {firstByteMs === undefined ? t('none') : format.duration(firstByteMs)}
        </Fact>
        {firstByteMs !== undefined && (
          <Fact name={t('afterFirstByte')}>{format.duration(Math.max(0, totalMs - firstByteMs))}</Fact>
        )}
        <Fact name={t('total')}>{format.duration(totalMs)}</Fact>
      </dl>
    </section>
  );
}

function Facts({ call }: { call: RecentCall }): JSX.Element {
  const { t, format } = useLocale();
  const { billedModel, requestId, dropped } = call;
  return (
    <section>
      <dl>
        <Fact name={t('endpoint')}>{call.endpoint}</Fact>
        <Fact name={t('modelAsked')}>
          <code>{`${call.provider}:${call.model}`}</code>
        </Fact>
        <Fact name={t('modelBilled')}>
          {billedModel === undefined ? <Unknown /> : <code>{billedModel}</code>}
        </Fact>
        <Fact name={t('httpStatus')}>{call.status}</Fact>
        <Fact name={t('errorCode')}>
          {call.errorCode === null ? t('none') : <code>{call.errorCode}</code>}
        </Fact>
        <Fact name={t('streamed')}>{t(call.stream ? 'yes' : 'no')}</Fact>
        <Fact name={t('bytesSent')}>{format.count(call.bytes)}</Fact>
        <Fact name={t('droppedFields')}>
          {dropped.length === 0 ? t('none') : <code>{dropped.join(', ')}</code>}
        </Fact>
        <Fact name={t('requestId')}>
          {requestId === undefined ? (
            <Unknown />
          ) : (
            <>
              <code>{requestId}</code> <CopyButton text={requestId} />
            </>
          )}
        </Fact>
      </dl>
    </section>
  );
}

function Tokens({ call }: { call: RecentCall }): JSX.Element {
  const { t, format } = useLocale();
  const { usage, costUsd } = call;
  const counted = (value: number | undefined): ComponentChildren =>
    value === undefined ? <Unknown /> : format.count(value);
  const input = usage?.prompt_tokens_details;
  return (
    <section>
      <h3>{t('tokens')}</h3>
      <dl>
        <Fact name={t('promptTokens')}>{counted(usage?.prompt_tokens)}</Fact>
        {input?.cached_tokens !== undefined && (
          <Fact name={t('cachedTokens')} part>
            {counted(input.cached_tokens)}
          </Fact>
        )}
        {input?.cache_write_tokens !== undefined && (
          <Fact name={t('cacheWriteTokens')} part>
            {counted(input.cache_write_tokens)}
          </Fact>
        )}
        <Fact name={t('completionTokens')}>{counted(usage?.completion_tokens)}</Fact>
        {usage?.completion_tokens_details?.reasoning_tokens !== undefined && (
          <Fact name={t('reasoningTokens')} part>
            {counted(usage.completion_tokens_details.reasoning_tokens)}
          </Fact>
        )}
        <Fact name={t('costEstimate')}>{costUsd === undefined ? <Unknown /> : format.usd(costUsd)}</Fact>
      </dl>
      {usage === undefined && call.errorCode === null && <p class="muted small">{t('unknownTokensHint')}</p>}
    </section>
  );
}

function Fact({
  name,
  part = false,
  children,
}: {
  name: string;
  part?: boolean;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <div class={part ? 'fact part' : 'fact'}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
