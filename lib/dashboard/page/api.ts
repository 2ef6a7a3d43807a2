/** The page's way to the server. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

/** What the server answered instead of what was asked for. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string | null;
  /** The error as the server wrote it. */
  readonly details: ErrorDetails;
  /** Seconds, where the server named them. */
  readonly retryAfter: number | undefined;

  constructor(status: number, details: ErrorDetails, retryAfter?: number) {
    super(details.message ?? `HTTP ${status}`);
    this.status = status;
    this.code = details.code ?? null;
    this.details = details;
    this.retryAfter = retryAfter;
  }
}

export interface ErrorDetails {
  readonly message?: string;
  readonly type?: string;
  readonly code?: string | null;
  readonly param?: string | null;
  readonly hint?: string;
  readonly provider?: string;
  readonly provider_error?: {
    readonly status?: number;
    readonly type?: string;
    readonly code?: string;
    readonly message?: string;
    readonly request_id?: string;
  };
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await fetch(path, { headers: { accept: 'application/json' }, ...(signal && { signal }) });
  if (!response.ok) throw await readError(response);
  return (await response.json()) as T;
}

export async function postJson(path: string, body: object, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
  if (!response.ok) throw await readError(response);
  return response;
}

async function readError(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  let details: ErrorDetails = {};
  try {
    const body = (await response.json()) as { error?: ErrorDetails };
    if (typeof body.error === 'object' && body.error !== null) details = body.error;
  } catch {
    // Something on the way answered; its status says enough.
  }
  const error = new ApiError(response.status, details, Number.isFinite(retryAfter) ? retryAfter : undefined);
  if (error.code === 'login_required') goToLogIn();
  return error;
}

/** The session has ended: back to where we are now after the next log-in. */
function goToLogIn(): void {
  location.replace(`login?ended${location.hash}`);
}

export interface Polled<T> {
  /** The last good answer. It stays while a newer one is on its way, so that nothing flickers. */
  readonly data: T | undefined;
  /** The last attempt failed. */
  readonly error: Error | undefined;
  /** When `data` came, Unix milliseconds. */
  readonly at: number | undefined;
  readonly refresh: () => void;
}

/** Asks again and again while the page is visible. @param everyMs 0: asks once. */
export function usePolled<T>(path: string, everyMs: number): Polled<T> {
  const [state, setState] = useState<Omit<Polled<T>, 'refresh'>>({
    data: undefined,
    error: undefined,
    at: undefined,
  });
  const ask = useRef<() => void>(() => undefined);
  useEffect(() => {
    const left = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let asking = false;
    const poll = async (): Promise<void> => {
      if (asking) return;
      asking = true;
      clearTimeout(timer);
      try {
        const data = await getJson<T>(path, left.signal);
        setState({ data, error: undefined, at: Date.now() });
      } catch (error) {
        if (!left.signal.aborted) setState((last) => ({ ...last, error: error as Error }));
      }
      asking = false;
      if (everyMs > 0 && !left.signal.aborted && !document.hidden) timer = setTimeout(ask.current, everyMs);
    };
    ask.current = () => void poll();
    const onVisible = (): void => {
      if (!document.hidden) ask.current();
    };
    if (everyMs > 0) document.addEventListener('visibilitychange', onVisible);
    ask.current();
    return () => {
      left.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, [path, everyMs]);
  return { ...state, refresh: useCallback(() => ask.current(), []) };
}
