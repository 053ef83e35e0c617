// Ten tabs of the dashboard have one stream, counted at the gateway.

import assert from 'node:assert/strict';
import { until } from './client_tools.mjs';
import { PAGES, TALL, contact, gateway, goodOfEach, moves, run } from './page.mjs';

const TABS = 10;
const tabs = [];

await run({
  async 'ten tabs, one stream'({ browser, open }) {
    await gateway.start();
    const context = await browser.newContext({ viewport: TALL });
    const paths = Object.values(PAGES);
    for (let at = 0; at < TABS; at += 1) tabs.push(await open(paths[at % paths.length], { context }));
    for (const tab of tabs) await contact(tab, 'live');
    assert.equal(await gateway.streams(), 1);
    return `${tabs.length} are live`;
  },

  async 'the others go on when some are closed'() {
    for (const tab of tabs.splice(1)) await tab.close();
    await goodOfEach(tabs[0]);
    await moves(tabs[0]);
    assert.equal(await gateway.streams(), 1);
    await tabs[0].close();
    await until('the last stream to end', async () => (await gateway.streams()) === 0);
    return 'and the last one ends the stream';
  },
});
