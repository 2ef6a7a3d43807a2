/**
 * Bundles the dashboard's page. Run as a program, it writes the page into both builds: `dist/{esm,cjs}/dashboard/page-files.js`
 * replaces the stand-in that tsc has compiled there.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const PAGE = new URL('../lib/dashboard/page/', import.meta.url);
const DIST = new URL('../dist/', import.meta.url);
const ENTRIES = ['boot.ts', 'login.tsx', 'app.tsx', 'style.css', 'favicon.svg'];
const HTML = ['index.html', 'login.html'];
/** What ends up in the bundle and wants to be named there. */
const BUNDLED = ['preact', 'uplot', 'eventsource-parser'];

/** @returns the page's files: text by name. Assets carry a hash of their content in their name. */
export async function buildPage() {
  const { outputFiles, metafile } = await build({
    absWorkingDir: fileURLToPath(PAGE),
    entryPoints: ENTRIES,
    entryNames: '[name]-[hash]',
    outdir: '.',
    write: false,
    metafile: true,
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.svg': 'copy' },
    legalComments: 'none',
    logLevel: 'warning',
  });
  const files = Object.fromEntries(outputFiles.map(({ path, text }) => [basename(path), text]));
  const names = Object.entries(metafile.outputs).map(([name, { entryPoint, inputs }]) => [
    entryPoint ?? Object.keys(inputs)[0],
    basename(name),
  ]);
  for (const name of HTML) files[name] = linkAssets(await readFile(new URL(name, PAGE), 'utf8'), names);
  return files;
}

/** The pages name their sources; browsers get the bundles. */
function linkAssets(html, names) {
  return names.reduce((text, [source, bundle]) => text.replaceAll(`"${source}"`, `"assets/${bundle}"`), html);
}

async function licences() {
  const texts = BUNDLED.map(async (name) => {
    const licence = await readFile(new URL(`../node_modules/${name}/LICENSE`, import.meta.url), 'utf8');
    return `${name}\n\n${licence.trim()}\n`;
  });
  return `The dashboard's page contains parts of these packages.\n\n${(await Promise.all(texts)).join('\n---\n\n')}`;
}

async function writeInto(format, source) {
  const folder = new URL(`${format}/dashboard/`, DIST);
  await writeFile(new URL('page-files.js', folder), source);
  await rm(new URL('page-files.js.map', folder), { force: true });
  await writeFile(new URL('THIRD-PARTY-LICENSES.txt', folder), await licences());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = JSON.stringify(await buildPage());
  await writeInto('esm', `export const PAGE_FILES = ${page};\n`);
  await writeInto('cjs', `'use strict';\nexports.PAGE_FILES = ${page};\n`);
}
