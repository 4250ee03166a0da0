import { startCall } from './call.js';
import { startClocks } from './clocks.js';
import { startInPlace } from './inplace.js';
import { cardChanged, startKeys } from './keys.js';
import { startLive } from './live.js';
import { startMail } from './mail.js';
import { startTheme } from './theme.js';

startTheme();
startInPlace();
startCall();
startClocks();
startKeys();
startLive();
startMail();
document.body.dataset.card = document.getElementById('step')?.dataset.step || '';
document.body.dataset.ready = '1';

// A new card: answers pressed for the old one are not taken for it. Enter on the moved-on line brings the next step.
document.addEventListener('htmx:afterSettle', () => {
  const now = document.getElementById('step');
  if (!now) return;
  if (now.dataset.step !== document.body.dataset.card) cardChanged();
  document.body.dataset.card = now.dataset.step;
  const first = now.querySelector('[data-first]');
  if (first && document.activeElement === document.body) first.focus();
});
