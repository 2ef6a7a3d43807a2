/** The registry: the only file that names every cloud. */
export { anthropic } from './anthropic/index.ts';
export { google } from './google/index.ts';
export { openai } from './openai/index.ts';
