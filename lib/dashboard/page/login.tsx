/** The log-in page. */
import { render, type JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { ApiError, postJson } from './api.ts';
import { DisplayRoot, DisplaySwitches } from './display.tsx';
import { useLocale, type Locale } from './locale.ts';
import { Icon, Logo, useTitle } from './ui.tsx';

type Failure = { readonly kind: 'empty' } | { readonly kind: 'error'; readonly error: unknown };

function describe(failure: Failure, { t }: Locale): string {
  if (failure.kind === 'empty') return t('fillBoth');
  const { error } = failure;
  if (!(error instanceof ApiError)) return t('networkError');
  if (error.status === 401) return t('wrongCredentials');
  if (error.status === 429)
    return t('tooManyAttempts', { n: Math.max(1, Math.ceil((error.retryAfter ?? 60) / 60)) });
  return t('logInFailed');
}

function LogIn(): JSX.Element {
  const locale = useLocale();
  const { t } = locale;
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const ended = new URLSearchParams(location.search).has('ended');
  const name = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  useTitle(t('logIn'));
  useLayoutEffect(() => name.current?.focus(), []);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const login = { username: name.current?.value ?? '', password: password.current?.value ?? '' };
    if (login.username === '' || login.password === '') return setFailure({ kind: 'empty' });
    setBusy(true);
    setFailure(undefined);
    try {
      await postJson('login', login);
      location.replace(`./${location.hash}`);
    } catch (error) {
      setFailure({ kind: 'error', error });
      setBusy(false);
      password.current?.select();
    }
  };

  const message = failure === undefined ? undefined : describe(failure, locale);
  return (
    <div class="login">
      <header class="login-tools">
        <DisplaySwitches />
      </header>
      <main class="login-card">
        <Logo />
        <h1>llm-prefix-router</h1>
        <form onSubmit={(event) => void submit(event)} noValidate>
          <label>
            <span>{t('username')}</span>
            <input
              ref={name}
              name="username"
              autocomplete="username"
              autocapitalize="none"
              spellcheck={false}
              required
            />
          </label>
          <label>
            <span>{t('password')}</span>
            <input ref={password} name="password" type="password" autocomplete="current-password" required />
          </label>
          <button type="submit" class="button primary" disabled={busy}>
            {busy ? t('loggingIn') : t('logIn')}
          </button>
          <div class="login-message" role="alert">
            {message !== undefined && (
              <p class="message bad-text">
                <Icon name="alert" />
                <span>{message}</span>
              </p>
            )}
            {message === undefined && ended && <p class="message muted">{t('sessionEnded')}</p>}
          </div>
        </form>
      </main>
    </div>
  );
}

const root = document.getElementById('app');
if (root !== null) {
  render(
    <DisplayRoot>
      <LogIn />
    </DisplayRoot>,
    root,
  );
}
