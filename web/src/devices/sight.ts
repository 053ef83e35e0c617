// What is in sight: rows that are far from it cost nothing when something changes.

import { type Accessor, createSignal, onCleanup, onMount } from 'solid-js';

/** So near to being seen, in pixels, something is drawn already. */
const NEAR = '600px';

const looks = new Map<Element, (seen: boolean) => void>();
let observer: IntersectionObserver | undefined;

function watchSight(element: Element, look: (seen: boolean) => void): () => void {
  observer ??= new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) looks.get(target)?.(isIntersecting);
  }, { rootMargin: NEAR });
  looks.set(element, look);
  observer.observe(element);
  return () => {
    looks.delete(element);
    observer?.unobserve(element);
  };
}

/** Whether an element is in sight or near it, and how high it was when it was so last, in pixels. */
export function createSight(): { readonly ref: (element: HTMLElement) => void; readonly isSeen: Accessor<boolean>; readonly height: Accessor<number> } {
  const [isSeen, setSeen] = createSignal(false);
  const [height, setHeight] = createSignal(0);
  let element: HTMLElement | undefined;
  onMount(() => {
    if (!element) return;
    const seen = element;
    onCleanup(watchSight(seen, (now) => {
      if (!now && isSeen()) setHeight(seen.offsetHeight);
      setSeen(now);
    }));
  });
  return { ref: (one) => (element = one), isSeen, height };
}
