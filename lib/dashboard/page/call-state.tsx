/** How a call ended, in one badge. */
import type { ComponentChildren, JSX } from 'preact';
import { useLocale, type TextKey } from './locale.ts';
import type { RecentCall } from './types.ts';
import { Badge, type IconName, type Tone } from './ui.tsx';

export type Ending = 'ok' | 'error' | 'left' | 'cut';

export function endingOf({ errorCode, status, clientLeft, complete }: RecentCall): Ending {
  if (clientLeft) return 'left';
  if (errorCode !== null || status >= 400) return 'error';
  return complete ? 'ok' : 'cut';
}

const FACES: Readonly<Record<Ending, readonly [tone: Tone, icon: IconName, text: TextKey]>> = {
  ok: ['plain', 'check', 'stateOk'],
  error: ['bad', 'alert', 'stateError'],
  left: ['warn', 'leave', 'stateLeft'],
  cut: ['warn', 'alert', 'stateCut'],
};

export function CallState({ call }: { call: RecentCall }): JSX.Element {
  const { t } = useLocale();
  const ending = endingOf(call);
  const [tone, icon, text] = FACES[ending];
  const code = ending === 'error' && call.errorCode !== null ? call.errorCode : t(text);
  return (
    <Badge tone={tone} icon={icon}>
      {call.status} <span class="badge-text">{breakable(code)}</span>
    </Badge>
  );
}

/** A code may go on in a second line, behind an underscore. */
function breakable(code: string): ComponentChildren {
  return code.split(/(?<=_)/).flatMap((part) => [part, <wbr />]);
}
