// What is around every page: the gateway's name, the way to the other pages, contact, and the reader's own settings.

import { A, type RouteSectionProps } from '@solidjs/router';
import { ErrorBoundary, For, type JSX, Show, Suspense, createEffect, createUniqueId, on } from 'solid-js';
import { useGateway } from '../live/gateway.js';
import { createWatch } from '../live/watch.js';
import { Bell } from '../notices/bell.js';
import { type Notices, createNotices } from '../notices/notices.js';
import { Toasts } from '../notices/toasts.js';
import { language, languages, speak, text } from '../text/language.js';
import { APPEARANCES, type Appearance, appear, appearance } from './appearance.js';
import { ContactBanner, ContactLamp } from './contact.js';
import { titleOf } from './title.js';

const NAME = '$gateway/name';

/** The frame; a page is its child. With `?kiosk` in the address it is left out: the page fills a screen on a wall. */
export function Shell(props: RouteSectionProps): JSX.Element {
  const { contact } = useGateway();
  const notices = createNotices();
  const watched = createWatch(() => [NAME]);
  const site = () => String(watched.point(NAME)?.value ?? text().brand);
  createEffect(() => (document.title = titleOf(props.location.pathname, site())));
  const isAlone = () => props.location.query['kiosk'] !== undefined;
  return (
    <div class="app" data-contact={contact().state}>
      <Show when={!isAlone()}>
        <a class="skip" href="#content">{text().skip}</a>
        <Head notices={notices} site={site()} />
      </Show>
      <main id="content" tabindex="-1">
        <ErrorBoundary fallback={(error: unknown, again) => <Failed error={error} path={props.location.pathname} onAgain={again} />}>
          <Suspense>{props.children}</Suspense>
        </ErrorBoundary>
      </main>
      <ContactBanner />
      <Toasts notices={notices} />
    </div>
  );
}

/** Where there is little room the settings are behind a button; elsewhere they are just there, popover or not. */
function Head(props: { notices: Notices; site: string }): JSX.Element {
  const settings = createUniqueId();
  return (
    <header class="top">
      <p class="brand">
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
          <circle cx="9" cy="23" r="4" /><path d="M9 12a11 11 0 0 1 11 11M9 4a19 19 0 0 1 19 19" />
        </svg>
        <span class="site">{props.site}</span>
      </p>
      <nav aria-label={text().nav.label}>
        <A href="/" end>{text().nav.points}</A>
        <A href="/trends">{text().nav.trends}</A>
        <A href="/devices">{text().nav.devices}</A>
        <A href="/boards">{text().nav.boards}</A>
      </nav>
      <button type="button" class="quiet to-settings" popovertarget={settings} aria-label={text().settings} title={text().settings}>
        <svg viewBox="0 0 20 20" aria-hidden="true"><path d="M2 6h9m5 0h2M2 14h2m5 0h9" /><circle cx="13.5" cy="6" r="2.5" /><circle cx="6.5" cy="14" r="2.5" /></svg>
      </button>
      <div class="settings" id={settings} popover="auto" role="group" aria-label={text().settings}>
        <Choice label={text().languageLabel} value={language()} onChange={(tag) => void speak(tag)}
          options={languages.map(({ tag, name: own }) => [tag, own])} />
        <Choice label={text().appearance.label} value={appearance()} onChange={(as) => appear(as as Appearance)}
          options={APPEARANCES.map((as) => [as, text().appearance[as]])} />
      </div>
      <Bell notices={props.notices} />
      <ContactLamp />
    </header>
  );
}

function Choice(props: { label: string; value: string; options: readonly (readonly [string, string])[]; onChange: (value: string) => void }): JSX.Element {
  return (
    <select aria-label={props.label} title={props.label} value={props.value} onChange={({ currentTarget }) => props.onChange(currentTarget.value)}>
      <For each={props.options}>
        {([value, name]) => <option value={value} selected={value === props.value}>{name}</option>}
      </For>
    </select>
  );
}

/** A page that broke: its files could not be had, or are of a gateway that was updated meanwhile. */
function Failed(props: { error: unknown; path: string; onAgain: () => void }): JSX.Element {
  const { isLive } = useGateway();
  // Its files may be there once the gateway is.
  createEffect(on([() => props.path, isLive], ([path, there], before) => (there || path !== before?.[0]) && props.onAgain(), { defer: true }));
  return (
    <section class="empty" role="alert">
      <h1>{text().failed.title}</h1>
      <p>{text().failed.text}</p>
      <p><code>{String(props.error)}</code></p>
      <button type="button" onClick={() => location.reload()}>{text().failed.action}</button>
    </section>
  );
}

/** An address that is of no page. */
export function Missing(): JSX.Element {
  return (
    <section class="empty">
      <h1>{text().missing.title}</h1>
      <p>{text().missing.text}</p>
      <A class="button" href="/">{text().missing.action}</A>
    </section>
  );
}
