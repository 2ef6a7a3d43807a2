/** The frame: menu, pages, and what they share. */
import { render, type JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { postJson } from './api.ts';
import { DisplayRoot, DisplaySwitches } from './display.tsx';
import { useLocale, type TextKey } from './locale.ts';
import { Models } from './models.tsx';
import { Overview } from './overview.tsx';
import { Playground } from './playground.tsx';
import { useRoute, type PageRoute } from './route.ts';
import { Settings } from './settings.tsx';
import { Icon, Logo, type IconName } from './ui.tsx';

interface Page {
  readonly path: string;
  readonly title: TextKey & IconName;
  readonly view: (props: { route: PageRoute }) => JSX.Element;
}

const OVERVIEW: Page = { path: 'overview', title: 'overview', view: Overview };
const PAGES: readonly Page[] = [
  OVERVIEW,
  { path: 'models', title: 'models', view: Models },
  { path: 'playground', title: 'playground', view: Playground },
  { path: 'settings', title: 'settings', view: Settings },
];

function App(): JSX.Element {
  const { t } = useLocale();
  const route = useRoute();
  const [section] = route.path.split('/');
  const page = PAGES.find(({ path }) => path === section) ?? OVERVIEW;
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  // A new page is announced as a browser would do it: the focus goes to its beginning, and at once, so
  // that a key pressed meanwhile is not lost with the page that was there before.
  useLayoutEffect(() => {
    if (!first.current) main.current?.focus();
    first.current = false;
    scrollTo(0, 0);
  }, [page]);
  const skip = (event: Event): void => {
    event.preventDefault();
    main.current?.focus();
  };
  return (
    <div class="frame">
      <a class="skip" href="#main" onClick={skip}>
        {t('skip')}
      </a>
      <header class="side">
        <a class="brand" href="#/overview">
          <Logo />
          <span>llm-prefix-router</span>
        </a>
        <Menu current={page} />
        <div class="tools">
          <DisplaySwitches />
          <LogOut />
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        <page.view route={route} />
      </main>
    </div>
  );
}

function Menu({ current }: { current: Page }): JSX.Element {
  const { t } = useLocale();
  return (
    <nav aria-label={t('navigation')}>
      <ul>
        {PAGES.map((page) => (
          <li key={page.path}>
            <a href={`#/${page.path}`} aria-current={page === current ? 'page' : undefined}>
              <Icon name={page.title} />
              <span>{t(page.title)}</span>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function LogOut(): JSX.Element {
  const { t } = useLocale();
  const logOut = async (): Promise<void> => {
    try {
      await postJson('api/logout', {});
    } finally {
      location.assign('login');
    }
  };
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={t('logOut')}
      title={t('logOut')}
      onClick={() => void logOut().catch(() => undefined)}
    >
      <Icon name="leave" />
    </button>
  );
}

const root = document.getElementById('app');
if (root !== null) {
  render(
    <DisplayRoot>
      <App />
    </DisplayRoot>,
    root,
  );
}
