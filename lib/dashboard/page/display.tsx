/** Language and theme: chosen by the browser and the system until the operator says otherwise. */
import type { ComponentChildren, JSX } from 'preact';
import { createContext } from 'preact';
import { useContext, useLayoutEffect, useMemo, useState } from 'preact/hooks';
import { createLocale, LocaleContext, useLocale } from './locale.ts';
import {
  isDark,
  keepLang,
  keepTheme,
  readLang,
  readTheme,
  showTheme,
  type Lang,
  type Theme,
} from './preferences.ts';
import { Icon } from './ui.tsx';

export interface Display {
  readonly theme: Theme;
  /** What the theme comes to at the moment. */
  readonly dark: boolean;
  readonly setTheme: (theme: Theme) => void;
  readonly setLang: (lang: Lang) => void;
}

const DisplayContext = createContext<Display | undefined>(undefined);

export function useDisplay(): Display {
  const display = useContext(DisplayContext);
  if (display === undefined) throw new Error('useDisplay is for what is inside <DisplayRoot>.');
  return display;
}

export function DisplayRoot({ children }: { children: ComponentChildren }): JSX.Element {
  const [lang, setLang] = useState(readLang);
  const [theme, setTheme] = useState(readTheme);
  const [dark, setDark] = useState(() => isDark(theme));
  useLayoutEffect(() => {
    const system = matchMedia('(prefers-color-scheme: dark)');
    const show = (shown: Theme): void => {
      showTheme(shown);
      setDark(isDark(shown));
    };
    const onScreen = (): void => show(theme);
    // Paper is white, and grounds are mostly not printed: what is light on dark would be pale there.
    const onPaper = (): void => show('light');
    onScreen();
    system.addEventListener('change', onScreen);
    addEventListener('beforeprint', onPaper);
    addEventListener('afterprint', onScreen);
    return () => {
      system.removeEventListener('change', onScreen);
      removeEventListener('beforeprint', onPaper);
      removeEventListener('afterprint', onScreen);
    };
  }, [theme]);
  const locale = useMemo(() => createLocale(lang), [lang]);
  const display: Display = {
    theme,
    dark,
    setTheme(next) {
      keepTheme(next);
      setTheme(next);
    },
    setLang(next) {
      keepLang(next);
      setLang(next);
    },
  };
  return (
    <DisplayContext.Provider value={display}>
      <LocaleContext.Provider value={locale}>{children}</LocaleContext.Provider>
    </DisplayContext.Provider>
  );
}

export function DisplaySwitches(): JSX.Element {
  const { lang, t } = useLocale();
  const { dark, setTheme, setLang } = useDisplay();
  const other: Lang = lang === 'en' ? 'ja' : 'en';
  const themeLabel = t(dark ? 'toLight' : 'toDark');
  return (
    <>
      <button type="button" class="quiet-button" lang={other} onClick={() => setLang(other)}>
        <Icon name="globe" />
        <span>{t('otherLanguage')}</span>
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label={themeLabel}
        title={themeLabel}
        onClick={() => setTheme(dark ? 'light' : 'dark')}
      >
        <Icon name={dark ? 'sun' : 'moon'} />
      </button>
    </>
  );
}
