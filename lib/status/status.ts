/** What `GET /v0/status` answers. A key becomes yes or no here: not a character, not a length. */
import type { Config } from '../config.ts';
import type { Health, HealthBook } from './health.ts';
import { VERSION } from '../version.ts';

export type CloudStatus =
  | { readonly configured: false }
  | {
      readonly configured: true;
      readonly base_url: string;
      /** How its last calls went; absent until there was one. */
      readonly health?: Health;
    };

export interface RouterStatus {
  readonly status: 'ok';
  readonly version: string;
  /** By prefix. */
  readonly cloud_providers: { readonly [prefix: string]: CloudStatus };
}

export function readStatus(config: Config, health: HealthBook): RouterStatus {
  const clouds: [string, CloudStatus][] = [];
  for (const [prefix, cloud] of config.clouds) {
    const seen = health.read(prefix);
    clouds.push([
      prefix,
      cloud.key.isConfigured()
        ? { configured: true, base_url: cloud.baseUrl, ...(seen !== undefined && { health: seen }) }
        : { configured: false },
    ]);
  }
  return { status: 'ok', version: VERSION, cloud_providers: Object.fromEntries(clouds) };
}
