/** Playground: pick a model, write, watch the answer come, stop it. */
import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { usePolled } from './api.ts';
import { useConversation, type Conversation } from './conversation.ts';
import { useLocale } from './locale.ts';
import { lastModel } from './preferences.ts';
import type { PageRoute } from './route.ts';
import { TurnView } from './turn.tsx';
import type { ModelList } from './types.ts';
import { Icon, useTitle } from './ui.tsx';

export function Playground({ route }: { route: PageRoute }): JSX.Element {
  const { t } = useLocale();
  useTitle(t('playground'));
  const models = usePolled<ModelList>('api/models', 0);
  const ids = (models.data?.data ?? []).map(({ id }) => id);
  const [model, setModel] = useState(() => route.query.get('model') ?? lastModel.read());
  const [system, setSystem] = useState('');
  const conversation = useConversation();
  const { turns, streaming, clear } = conversation;
  const send = (text: string): void => {
    lastModel.keep(model.trim());
    conversation.send(model.trim(), system, text);
  };
  return (
    <div class="page playground">
      <div class="page-head">
        <h1>{t('playground')}</h1>
        <button type="button" class="button small" onClick={clear} disabled={turns.length === 0}>
          <Icon name="plus" />
          {t('clear')}
        </button>
      </div>
      <div class="panel chat">
        <div class="chat-options">
          <label class="field">
            <span>{t('model')}</span>
            <input
              class="mono"
              list="model-ids"
              value={model}
              placeholder={t('modelPlaceholder')}
              autocomplete="off"
              autocapitalize="none"
              spellcheck={false}
              onInput={(event) => setModel(event.currentTarget.value)}
            />
          </label>
          <datalist id="model-ids">
            {ids.map((id) => (
              <option key={id} value={id} />
            ))}
          </datalist>
          <label class="field">
            <span>{t('systemMessage')}</span>
            <input
              value={system}
              placeholder={t('systemPlaceholder')}
              onInput={(event) => setSystem(event.currentTarget.value)}
            />
          </label>
        </div>
        {/* A conversation begins in a box of its own: followed, wherever the one before was read. */}
        <Turns
          key={turns.length === 0 ? 'none' : 'some'}
          conversation={conversation}
          onExample={model.trim() === '' ? undefined : send}
        />
        <Composer
          ready={model.trim() !== ''}
          streaming={streaming}
          onSend={send}
          onStop={conversation.stop}
        />
      </div>
    </div>
  );
}

/** How near to its end the conversation must be to follow a growing answer, pixels. */
const FOLLOW_PX = 80;

function Turns({
  conversation,
  onExample,
}: {
  conversation: Conversation;
  onExample: ((text: string) => void) | undefined;
}): JSX.Element {
  const { t } = useLocale();
  const { turns } = conversation;
  const box = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  useLayoutEffect(() => {
    if (turns.length > 0 && following.current && box.current !== null)
      box.current.scrollTop = box.current.scrollHeight;
  }, [turns]);
  const onScroll = (): void => {
    const { scrollTop = 0, scrollHeight = 0, clientHeight = 0 } = box.current ?? {};
    following.current = scrollHeight - scrollTop - clientHeight < FOLLOW_PX;
  };
  return (
    <div
      class="turns"
      ref={box}
      onScroll={onScroll}
      tabIndex={0}
      role="region"
      aria-label={t('conversation')}
    >
      {turns.length === 0 && <Examples onExample={onExample} />}
      {turns.map((turn, index) => (
        <TurnView key={index} turn={turn} />
      ))}
    </div>
  );
}

function Examples({ onExample }: { onExample: ((text: string) => void) | undefined }): JSX.Element {
  const { t } = useLocale();
  return (
    <div class="empty">
      <strong>{t('playgroundEmpty')}</strong>
      <p>{t('playgroundText')}</p>
      <div class="examples">
        {(['example1', 'example2', 'example3'] as const).map((key) => (
          <button
            key={key}
            type="button"
            class="button"
            disabled={onExample === undefined}
            onClick={() => onExample?.(t(key))}
          >
            {t(key)}
          </button>
        ))}
      </div>
    </div>
  );
}

interface ComposerProps {
  readonly ready: boolean;
  readonly streaming: boolean;
  readonly onSend: (text: string) => void;
  readonly onStop: () => void;
}

function Composer({ ready, streaming, onSend, onStop }: ComposerProps): JSX.Element {
  const { t } = useLocale();
  const [text, setText] = useState('');
  const sendable = ready && !streaming && text.trim() !== '';
  const send = (event: Event): void => {
    event.preventDefault();
    if (!sendable) return;
    onSend(text);
    setText('');
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // Enter also ends the composition of Japanese text; that one is not meant for us.
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== 229) send(event);
    if (event.key === 'Escape' && streaming) onStop();
  };
  return (
    <form class="composer" onSubmit={send}>
      <textarea
        rows={2}
        aria-label={t('message')}
        placeholder={t('messagePlaceholder')}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <div class="composer-foot">
        <span class="muted small hint">{ready ? t('sendHint') : t('chooseModel')}</span>
        {streaming ? (
          <button type="button" class="button danger" onClick={onStop}>
            <Icon name="stop" />
            {t('stop')}
          </button>
        ) : (
          <button type="submit" class="button primary" disabled={!sendable}>
            <Icon name="send" />
            {t('send')}
          </button>
        )}
      </div>
    </form>
  );
}
