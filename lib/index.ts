/**
 * llm-prefix-router: `openai:`, `google:` or `anthropic:` before a model name sends an OpenAI-compatible request to
 * that cloud; everything else is the host's own.
 */
export { createPrefixRouter, createPrefixRouter as prefixRouter, type PrefixRouter } from './router.ts';
export { anthropic, google, openai } from './providers/index.ts';
export { requireApiKey } from './auth.ts';
export {
  RouterError,
  type ErrorBody,
  type ErrorDetails,
  type Failure,
  type ProviderError,
} from './errors.ts';
export type { RouterOptions } from './config.ts';
export type { Decision, LocalModels } from './model.ts';
export type { Model, Usage } from './openai/types.ts';
export type { ApiKeySource, Endpoint, Provider, ProviderOptions, Timeouts } from './providers/provider.ts';
export type { CallRecord } from './status/record.ts';
export type { CloudStatus, RouterStatus } from './status/status.ts';
export type { RecentCall, UsagePoint, UsageReport, UsageSums, UsageWindow } from './status/report.ts';
export type { Health } from './status/health.ts';
