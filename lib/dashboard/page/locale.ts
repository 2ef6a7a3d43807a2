/** Words and figures in the language chosen. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { createFormats, type Formats } from './format.ts';
import type { Lang } from './preferences.ts';
import { en } from './text/en.ts';
import { ja } from './text/ja.ts';

export type TextKey = keyof typeof en;
export type TextValues = Readonly<Record<string, string | number>>;

export interface Locale {
  readonly lang: Lang;
  readonly format: Formats;
  readonly t: (key: TextKey, values?: TextValues) => string;
}

const TEXTS: Readonly<Record<Lang, Readonly<Record<TextKey, string>>>> = { en, ja };

export function createLocale(lang: Lang): Locale {
  const format = createFormats(lang);
  return {
    lang,
    format,
    t(key, values = {}) {
      const [one = '', many = one] = TEXTS[lang][key].split('|');
      return (values['n'] === 1 ? one : many).replace(/\{(\w+)\}/g, (_, name: string) => {
        const value = values[name] ?? '';
        return typeof value === 'number' ? format.count(value) : value;
      });
    },
  };
}

export const LocaleContext = createContext<Locale>(createLocale('en'));

export function useLocale(): Locale {
  return useContext(LocaleContext);
}
