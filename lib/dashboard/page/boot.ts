/** Runs before the first paint, so that a chosen theme or language is there from the start. */
import { readLang, readTheme, showTheme } from './preferences.ts';

showTheme(readTheme());
document.documentElement.lang = readLang();
