/** The playground's conversation. It lives in this page alone: leaving the page forgets it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { streamChat, type ChatMessage, type ChatUsage } from './chat.ts';

export interface Answer {
  readonly role: 'assistant';
  readonly model: string;
  readonly text: string;
  readonly thought: string;
  readonly state: 'streaming' | 'done' | 'stopped' | 'cut' | 'failed';
  readonly error?: unknown;
  readonly usage?: ChatUsage;
  /** Milliseconds since it was asked for. */
  readonly firstMs?: number;
  readonly totalMs?: number;
}

export interface Question {
  readonly role: 'user';
  readonly text: string;
}

export type Turn = Question | Answer;

export interface Conversation {
  readonly turns: readonly Turn[];
  readonly streaming: boolean;
  readonly send: (model: string, system: string, text: string) => void;
  readonly stop: () => void;
  readonly clear: () => void;
}

export function useConversation(): Conversation {
  const [turns, setTurns] = useState<readonly Turn[]>([]);
  const open = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => open.current?.abort(), []);
  const last = turns.at(-1);

  const send = async (model: string, system: string, text: string): Promise<void> => {
    const stopper = new AbortController();
    open.current = stopper;
    const asked: readonly Turn[] = [...turns, { role: 'user', text }];
    const show = createBrush((answer) => {
      // After "new conversation" a late piece must not bring the old one back.
      if (open.current === stopper) setTurns([...asked, answer]);
    });
    await receive(model, toMessages(system, asked), stopper.signal, show);
  };
  return {
    turns,
    streaming: last?.role === 'assistant' && last.state === 'streaming',
    send: (model, system, text) => void send(model, system, text),
    stop: () => open.current?.abort(),
    clear() {
      open.current?.abort();
      open.current = undefined;
      setTurns([]);
    },
  };
}

/** What the model is told: failed answers are no part of the conversation. */
function toMessages(system: string, turns: readonly Turn[]): ChatMessage[] {
  const said = turns.flatMap((turn): ChatMessage[] =>
    turn.text === '' ? [] : [{ role: turn.role, content: turn.text }],
  );
  return system.trim() === '' ? said : [{ role: 'system', content: system }, ...said];
}

type Show = (answer: Answer, now: boolean) => void;

/** Paints once a frame at most: a fast model sends hundreds of pieces a second. */
function createBrush(paint: (answer: Answer) => void): Show {
  let frame = 0;
  return (answer, now) => {
    cancelAnimationFrame(frame);
    if (now) paint(answer);
    else frame = requestAnimationFrame(() => paint(answer));
  };
}

async function receive(
  model: string,
  messages: readonly ChatMessage[],
  signal: AbortSignal,
  show: Show,
): Promise<void> {
  const startedAt = performance.now();
  const sinceStart = (): number => performance.now() - startedAt;
  let answer: Answer = { role: 'assistant', model, text: '', thought: '', state: 'streaming' };
  const change = (part: Partial<Answer>, now = false): void => {
    answer = { ...answer, ...part };
    show(answer, now);
  };
  change({}, true);
  const firstMs = (): number => answer.firstMs ?? sinceStart();
  try {
    const whole = await streamChat(model, messages, signal, {
      onText: (text) => change({ text: answer.text + text, firstMs: firstMs() }),
      onThought: (text) => change({ thought: answer.thought + text, firstMs: firstMs() }),
      onUsage: (usage) => change({ usage }),
    });
    change({ state: whole ? 'done' : 'cut', totalMs: sinceStart() }, true);
  } catch (error) {
    const end = signal.aborted ? ({ state: 'stopped' } as const) : ({ state: 'failed', error } as const);
    change({ ...end, totalMs: sinceStart() }, true);
  }
}
