/** What `GET /v0/status` answers. A key becomes yes or no here: not a character, not a length. */
import type { Config } from '../config.ts';
import { VERSION } from '../version.ts';

export type CloudStatus =
  | { readonly configured: false }
  | {
      readonly configured: true;
      readonly base_url: string;
    };

export interface RouterStatus {
  readonly status: 'ok';
  readonly version: string;
  /** By prefix. */
  readonly cloud_providers: { readonly [prefix: string]: CloudStatus };
}

export function readStatus(config: Config): RouterStatus {
  const clouds: [string, CloudStatus][] = [];
  for (const [prefix, cloud] of config.clouds) {
    clouds.push([
      prefix,
      cloud.key.isConfigured() ? { configured: true, base_url: cloud.baseUrl } : { configured: false },
    ]);
  }
  return { status: 'ok', version: VERSION, cloud_providers: Object.fromEntries(clouds) };
}
