// The page: the reader's language and appearance, one gateway, and a route for each page.

import { Route, Router } from '@solidjs/router';
import { render } from 'solid-js/web';
import { GatewayProvider, createGateway } from './live/gateway.js';
import { startAppearance } from './shell/appearance.js';
import { Boards, Devices, Points, Trends, loadAhead } from './shell/pages.js';
import { Missing, Shell } from './shell/shell.js';
import { startLanguage } from './text/language.js';
import './style.css';

const root = document.getElementById('app');
if (!root) throw new Error('index.html has no #app');
startAppearance();

render(() => {
  void startLanguage();
  const gateway = createGateway();
  loadAhead(gateway.isLive);
  return (
    <GatewayProvider value={gateway}>
      <Router root={Shell}>
        <Route path="/" component={Points} />
        <Route path="/trends" component={Trends} />
        <Route path={['/devices', '/devices/:device']} component={Devices} />
        <Route path={['/boards', '/boards/:board']} component={Boards} />
        <Route path="*" component={Missing} />
      </Router>
    </GatewayProvider>
  );
}, root);
