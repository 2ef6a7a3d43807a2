/** Settings: the clouds, and how the page looks. */
import type { JSX } from 'preact';
import { usePolled } from './api.ts';
import { CloudCard } from './cloud-card.tsx';
import { useDisplay } from './display.tsx';
import { useLocale, type TextKey } from './locale.ts';
import type { Lang, Theme } from './preferences.ts';
import type { PageRoute } from './route.ts';
import type { Status, UsageReport } from './types.ts';
import { Empty, LoadFailed, Segments, useTitle } from './ui.tsx';

interface Tab {
  readonly path: string;
  readonly title: TextKey;
  readonly view: () => JSX.Element;
}

const PROVIDERS: Tab = { path: 'settings/cloud-providers', title: 'cloudProviders', view: CloudProviders };
const TABS: readonly Tab[] = [PROVIDERS, { path: 'settings/general', title: 'general', view: General }];

export function Settings({ route }: { route: PageRoute }): JSX.Element {
  const { t } = useLocale();
  const tab = TABS.find(({ path }) => path === route.path) ?? PROVIDERS;
  useTitle(t(tab.title), t('settings'));
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('settings')}</h1>
      </div>
      <nav class="tabs" aria-label={t('settings')}>
        <ul>
          {TABS.map(({ path, title }) => (
            <li key={path}>
              <a href={`#/${path}`} id={path} aria-current={path === tab.path ? 'page' : undefined}>
                {t(title)}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <section aria-labelledby={tab.path}>
        <tab.view />
      </section>
    </div>
  );
}

const STATUS_EVERY_MS = 5000;

function CloudProviders(): JSX.Element {
  const { t } = useLocale();
  const { data, error, refresh } = usePolled<Status>('api/status', STATUS_EVERY_MS);
  const clouds = Object.entries(data?.cloud_providers ?? {});
  return (
    <>
      <p class="muted intro">{t('providersIntro')}</p>
      {error !== undefined && <LoadFailed error={error} retry={refresh} />}
      {data === undefined && error === undefined && <p class="muted">{t('loading')}</p>}
      {data !== undefined && clouds.length === 0 && <Empty title={t('noProviders')} />}
      <div class="cards">
        {clouds.map(([prefix, state]) => (
          <CloudCard key={prefix} prefix={prefix} state={state} />
        ))}
      </div>
    </>
  );
}

const LANGS = [
  { value: 'ja', label: '日本語' },
  { value: 'en', label: 'English' },
] as const;

function General(): JSX.Element {
  const { t, lang } = useLocale();
  const { theme, setTheme, setLang } = useDisplay();
  const status = usePolled<Status>('api/status', 0);
  const usage = usePolled<UsageReport>('api/usage', 0);
  const themes: { value: Theme; label: string }[] = [
    { value: 'system', label: t('themeSystem') },
    { value: 'light', label: t('themeLight') },
    { value: 'dark', label: t('themeDark') },
  ];
  return (
    <div class="cards two">
      <div class="panel card">
        <h2>{t('display')}</h2>
        <div class="setting">
          <span>{t('language')}</span>
          <Segments<Lang> label={t('language')} value={lang} choices={LANGS} onChange={setLang} />
        </div>
        <div class="setting">
          <span>{t('theme')}</span>
          <Segments<Theme> label={t('theme')} value={theme} choices={themes} onChange={setTheme} />
        </div>
      </div>
      <div class="panel card">
        <h2>{t('about')}</h2>
        <dl>
          <div class="fact">
            <dt>{t('version')}</dt>
            <dd>{status.data?.version ?? '–'}</dd>
          </div>
          <div class="fact">
            <dt>{t('priceSource')}</dt>
            <dd>{usage.data?.prices.source ?? '–'}</dd>
          </div>
          <div class="fact">
            <dt>{t('priceDate')}</dt>
            <dd>{usage.data?.prices.asOf ?? '–'}</dd>
          </div>
          <div class="fact">
            <dt>{t('retention')}</dt>
            <dd>{t('retentionText')}</dd>
          </div>
        </dl>
      </div>
    </div>
  );
}
