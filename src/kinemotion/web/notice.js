/** The notice above the picture: what went wrong or changed, and what to do about it. */

import { part } from './screen.js';
import { CONNECTION, TROUBLE } from './words.js';

const PASSING_MS = 6000;

/** @type {ReturnType<typeof setTimeout>|undefined} */ let leaving;

/**
 * @param {import('./words.js').Words} words
 * @param {'calm'|'mild'|'grave'} kind
 */
export function showNotice({ title, remedy }, kind) {
  clearTimeout(leaving);
  const notice = part('notice');
  notice.hidden = false;
  notice.dataset.kind = kind;
  part('notice-title').textContent = title;
  part('notice-remedy').textContent = remedy;
  part('retry').hidden = true;
  if (kind === 'grave') notice.scrollIntoView({ block: 'nearest' });
}

export function hideNotice() {
  clearTimeout(leaving);
  part('notice').hidden = true;
}

/**
 * What ended or prevented a session.
 *
 * @param {string} reason a key of TROUBLE
 */
export function showTrouble(reason) {
  showNotice(TROUBLE[reason] ?? TROUBLE.closed, 'grave');
}

/**
 * What interrupted a session that goes on by itself.
 *
 * @param {string} reason a key of CONNECTION
 */
export function showInterruption(reason) {
  showNotice(CONNECTION[reason] ?? CONNECTION.lost, 'mild');
  part('retry').hidden = false;
}

/** The session goes on; what is only passing may still be read. */
export function endInterruption() {
  if (part('notice').dataset.kind !== 'calm') hideNotice();
}

/** What needs nobody's attention, and goes by itself. @param {import('./words.js').Words} words */
export function showPassing(words) {
  showNotice(words, 'calm');
  leaving = setTimeout(hideNotice, PASSING_MS);
}
