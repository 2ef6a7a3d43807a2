/** What the dashboard's API answers, as the page reads it. JSON has no undefined: what is unknown is absent. */
import type { RecentCall, UsageReport, UsageSums, UsageWindow } from '../../status/report.ts';

export type { RecentCall, UsageReport, UsageSums, UsageWindow };

export interface Status {
  readonly version: string;
  readonly cloud_providers: { readonly [prefix: string]: CloudState };
}

export interface CloudState {
  readonly configured: boolean;
  readonly base_url?: string;
  readonly health?: Health;
}

/** Times are ISO 8601. */
export interface Health {
  readonly last_success: string | null;
  readonly last_error: { readonly code: string; readonly status: number; readonly at: string } | null;
  readonly retry_after_until: string | null;
}

export interface ModelEntry {
  readonly id: string;
  readonly owned_by?: unknown;
  readonly created?: unknown;
}

export interface ModelList {
  readonly data: readonly ModelEntry[];
}
