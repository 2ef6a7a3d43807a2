/** Small parts that several pages share. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { faceOf, toneOf } from './clouds.ts';
import { useLocale } from './locale.ts';

const SHAPES = {
  overview: 'M4 19V11M10 19V5M16 19v-6M21 19H3',
  models: 'M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9',
  playground: 'M4 5h16v11H9l-5 4zM8 9h8M8 12h5',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  check: 'M5 12.5l4.5 4.5L19 7',
  cross: 'M6 6l12 12M18 6L6 18',
  alert: 'M12 4l9 16H3zM12 10v4M12 17v.5',
  ring: 'M12 5a7 7 0 100 14 7 7 0 000-14z',
  sun: 'M12 8a4 4 0 100 8 4 4 0 000-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5L19 19M5 19l1.5-1.5M17.5 6.5L19 5',
  moon: 'M20 14.5A8.5 8.5 0 019.5 4a8.5 8.5 0 1010.5 10.5z',
  globe: 'M12 3a9 9 0 100 18 9 9 0 000-18zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18',
  leave: 'M14 4H5v16h9M10 12h11M17 8l4 4-4 4',
  search: 'M11 4a7 7 0 100 14 7 7 0 000-14zM16 16l5 5',
  send: 'M4 12l16-8-5 16-3-6zM12 14l8-10',
  stop: 'M7 7h10v10H7z',
  play: 'M8 5l11 7-11 7z',
  pause: 'M8 5v14M16 5v14',
  plus: 'M12 5v14M5 12h14',
  stream: 'M3 8c3-3 6 3 9 0s6 3 9 0M3 15c3-3 6 3 9 0s6 3 9 0',
} as const;

export type IconName = keyof typeof SHAPES;

export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={SHAPES[name]} />
    </svg>
  );
}

export function Logo(): JSX.Element {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" />
      <path d="M7 16h18M11 16c5 0 5-7.5 10.5-7.5H25M11 16c5 0 5 7.5 10.5 7.5H25" />
      <circle cx="7" cy="16" r="3" />
      <circle cx="25" cy="8.5" r="3" data-cloud="openai" />
      <circle cx="25" cy="16" r="3" data-cloud="google" />
      <circle cx="25" cy="23.5" r="3" data-cloud="anthropic" />
    </svg>
  );
}

export function CloudName({ prefix }: { prefix: string }): JSX.Element {
  return (
    <span class="cloud-name" data-cloud={toneOf(prefix)}>
      {faceOf(prefix).name}
    </span>
  );
}

export type Tone = 'good' | 'bad' | 'warn' | 'quiet' | 'plain';

/** A state in words and in a shape, so that the colour is never all there is. */
export function Badge({
  tone,
  icon,
  children,
}: {
  tone: Tone;
  icon?: IconName;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <span class={`badge ${tone}`}>
      {icon !== undefined && <Icon name={icon} />}
      <span>{children}</span>
    </span>
  );
}

export function ConfiguredBadge({ configured }: { configured: boolean }): JSX.Element {
  const { t } = useLocale();
  return configured ? (
    <Badge tone="good" icon="check">
      {t('configured')}
    </Badge>
  ) : (
    <Badge tone="quiet" icon="ring">
      {t('notConfigured')}
    </Badge>
  );
}

export function Unknown(): JSX.Element {
  return <span class="unknown">{useLocale().t('unknown')}</span>;
}

/** Names the page in the browser's tab, the innermost first. */
export function useTitle(...names: readonly string[]): void {
  const title = [...names, 'llm-prefix-router'].join(' · ');
  useLayoutEffect(() => {
    document.title = title;
  }, [title]);
}

/** What is to be said where there is nothing to show. */
export function Empty({
  title,
  text,
  children,
}: {
  title: string;
  text?: string;
  children?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {text !== undefined && <p>{text}</p>}
      {children}
    </div>
  );
}

export function LoadFailed({ error, retry }: { error: Error; retry: () => void }): JSX.Element {
  const { t } = useLocale();
  return (
    <div class="notice bad" role="alert">
      <Icon name="alert" />
      <span>
        {t('loadFailed')} <span class="muted">{error.message}</span>
      </span>
      <button type="button" class="button small" onClick={retry}>
        {t('retry')}
      </button>
    </div>
  );
}

/** How long "copied" stays, milliseconds. */
const FEEDBACK_MS = 1600;

/** @returns copies a text, and which one was copied just now. */
export function useCopy(): { copied: string | undefined; failed: boolean; copy: (text: string) => void } {
  const [state, setState] = useState<{ copied?: string; failed: boolean }>({ failed: false });
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = (text: string): void => {
    void writeClipboard(text).then((written) => {
      setState(written ? { copied: text, failed: false } : { failed: true });
      clearTimeout(timer.current);
      timer.current = setTimeout(() => setState({ failed: false }), FEEDBACK_MS);
    });
  };
  return { copied: state.copied, failed: state.failed, copy };
}

async function writeClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** Over plain HTTP to another machine browsers have no clipboard object, but still this. */
function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'sr';
  // Behind an open dialog nothing can be selected.
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  return copied;
}

export function CopyButton({ text, label }: { text: string; label?: string }): JSX.Element {
  const { t } = useLocale();
  const { copied, failed, copy } = useCopy();
  const done = copied !== undefined;
  return (
    <>
      <button
        type="button"
        class={`icon-button copy ${done ? 'done' : ''}`}
        aria-label={label ?? t('copy')}
        title={label ?? t('copy')}
        onClick={() => copy(text)}
      >
        <Icon name={done ? 'check' : 'copy'} />
      </button>
      <span class="sr" role="status">
        {done ? t('copied') : failed ? t('copyFailed') : ''}
      </span>
    </>
  );
}

export interface Choice<Value extends string> {
  readonly value: Value;
  readonly label: string;
}

interface SegmentsProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly choices: readonly Choice<Value>[];
  readonly onChange: (value: Value) => void;
}

/** One of a few. */
export function Segments<Value extends string>({
  label,
  value,
  choices,
  onChange,
}: SegmentsProps<Value>): JSX.Element {
  return (
    <div class="segments" role="group" aria-label={label}>
      {choices.map((choice) => (
        <button
          key={choice.value}
          type="button"
          aria-pressed={choice.value === value}
          onClick={() => onChange(choice.value)}
        >
          {choice.label}
        </button>
      ))}
    </div>
  );
}
