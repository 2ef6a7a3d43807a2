/** What the operator has chosen for this browser: language and theme. Until then the browser and the system decide. */

export type Lang = 'en' | 'ja';
export type Theme = 'system' | 'light' | 'dark';

const LANG = 'llm-prefix-router.lang';
const THEME = 'llm-prefix-router.theme';

export function readLang(): Lang {
  const chosen = read(LANG);
  if (chosen === 'en' || chosen === 'ja') return chosen;
  const [known] = navigator.languages
    .map((tag) => tag.slice(0, 2))
    .filter((tag) => tag === 'ja' || tag === 'en');
  return known === 'ja' ? 'ja' : 'en';
}

export function readTheme(): Theme {
  const chosen = read(THEME);
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system';
}

export function keepLang(lang: Lang): void {
  write(LANG, lang);
  document.documentElement.lang = lang;
}

export function keepTheme(theme: Theme): void {
  write(THEME, theme);
  showTheme(theme);
}

/** Names the theme for the style sheet. */
export function showTheme(theme: Theme): void {
  document.documentElement.dataset['theme'] = isDark(theme) ? 'dark' : 'light';
}

export function isDark(theme: Theme): boolean {
  return theme === 'dark' || (theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
}

/** The model last used in the playground. */
export const lastModel = {
  read: (): string => read('llm-prefix-router.model') ?? '',
  keep: (model: string): void => write('llm-prefix-router.model', model),
};

/** Storage can be forbidden; then a choice lasts as long as the page. */
function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Nothing is lost but the memory of it.
  }
}
