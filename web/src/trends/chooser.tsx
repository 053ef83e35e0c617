// Choosing points by name or by pattern, with suggestions from all that there are.
//
// What holds: what was asked for and could not be had is in the field again, unless something else is by then; suggestions
// cover the charts no longer than somebody chooses among them; the catalogue is asked for when somebody begins to choose,
// not before.

import { For, type JSX, Show, createEffect, createMemo, createSignal, createUniqueId, on, onCleanup } from 'solid-js';
import { type PointInfo, patternFault } from 'pointcast';
import { EVERY_POINT } from '../live/catalog.js';
import { MOST_LINES } from '../live/chosen.js';
import { useGateway } from '../live/gateway.js';
import { Id } from '../shell/id.js';
import { numberText } from '../text/format.js';
import { text } from '../text/language.js';
import { suggestionsOf } from './suggest.js';

/** `onAdd` tells whether it could be had. */
export function Chooser(props: { chosen: readonly string[]; onAdd: (wanted: string) => Promise<boolean> }): JSX.Element {
  let field!: HTMLInputElement;
  const { catalog } = useGateway();
  const [query, setQuery] = createSignal('');
  const [isOpen, setOpen] = createSignal(false);
  const [at, setAt] = createSignal(-1);
  const [isAsked, setAsked] = createSignal(false);
  const listId = createUniqueId();
  createEffect(() => {
    if (isAsked()) onCleanup(catalog.want(EVERY_POINT));
  });
  const isPattern = () => query().includes('*');
  const found = createMemo<readonly PointInfo[]>(() => (isOpen() && !isPattern() ? suggestionsOf(query(), catalog.all().values(), props.chosen) : []));
  const isFull = () => props.chosen.length >= MOST_LINES;
  const hint = () => (isFull() ? text().trends.full(numberText(MOST_LINES)) : isPattern() ? text().trends.pattern : '');
  const isListed = () => isOpen() && !isFull() && found().length > 0;
  createEffect(on(query, () => setAt(-1), { defer: true }));

  const open = () => {
    setAsked(true);
    setOpen(true);
  };
  const add = (wanted: string) => {
    const clean = wanted.trim();
    if (clean === '' || patternFault(clean) !== null) return;
    setQuery('');
    setAt(-1);
    void props.onAdd(clean).then((isHad) => {
      if (isHad || query() !== '') return;
      setQuery(clean);
      // Why it could not is told where the menu is.
      setOpen(false);
    });
    field.focus();
    setOpen(false);
  };
  const move = (by: number) => {
    open();
    const count = found().length;
    if (count > 0) setAt((before) => (before < 0 && by < 0 ? count - 1 : (before + by + count) % count));
  };
  const key = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (event.key === 'ArrowDown') move(1);
    else if (event.key === 'ArrowUp') move(-1);
    else if (event.key === 'Enter') add(found()[at()]?.id ?? (isPattern() ? query() : (exact() ?? found()[0]?.id ?? query())));
    else if (event.key === 'Escape' && isOpen()) setOpen(false);
    else return;
    event.preventDefault();
  };
  const exact = () => found().find(({ id }) => id === query().trim())?.id;

  return (
    <div class="chooser" onFocusOut={(event) => !event.currentTarget.contains(event.relatedTarget as Node | null) && setOpen(false)}>
      <input ref={field} type="search" role="combobox" autocomplete="off" spellcheck={false} aria-label={text().trends.choose} placeholder={text().trends.choose}
        aria-expanded={isListed()} aria-controls={listId} aria-autocomplete="list" aria-describedby={`${listId}-hint`}
        aria-activedescendant={isListed() && at() >= 0 ? `${listId}-${at()}` : undefined}
        value={query()} onFocus={open} onClick={open} onKeyDown={key}
        onInput={({ currentTarget }) => {
          setQuery(currentTarget.value);
          open();
        }} />
      <div class="menu" hidden={!isOpen() || (!isListed() && hint() === '')}>
        <p class="hint" id={`${listId}-hint`} hidden={hint() === ''}>{hint()}</p>
        <Suggestions id={listId} found={isListed() ? found() : []} at={at()} onChoose={add} />
      </div>
    </div>
  );
}

function Suggestions(props: { id: string; found: readonly PointInfo[]; at: number; onChoose: (id: string) => void }): JSX.Element {
  createEffect(() => {
    if (props.found.length > 0 && props.at >= 0) document.getElementById(`${props.id}-${props.at}`)?.scrollIntoView({ block: 'nearest' });
  });
  return (
    <ul id={props.id} role="listbox" aria-label={text().trends.suggestions} hidden={props.found.length === 0}>
      <For each={props.found}>
        {({ id, unit, description }, place) => (
          <li id={`${props.id}-${place()}`} role="option" aria-selected={place() === props.at}
            onPointerDown={(event) => event.preventDefault()} onClick={() => props.onChoose(id)}>
            <span class="name"><Id id={id} /></span> <span class="about"><Show when={unit}>{unit} · </Show>{description}</span>
          </li>
        )}
      </For>
    </ul>
  );
}
