/**
 * The files of the page. This is the stand-in for running from source: `config/build-dashboard.mjs` replaces the
 * compiled module by one that holds the bundled page. A module and no folder, because it is found in the same way by ES
 * modules, by CommonJS and by a host that bundles its server; and because no URL can lead to a file that is not in it.
 */
import type { PageFiles } from './files.ts';

const NOT_BUILT = '<!doctype html><title>llm-prefix-router</title><p>This page is made by npm run build.</p>';

export const PAGE_FILES: PageFiles = { 'index.html': NOT_BUILT, 'login.html': NOT_BUILT };
