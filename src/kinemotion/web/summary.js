/** What a run came to. */

import { measure } from './format.js';
import { GRADES, OPEN, account, count } from './words.js';

const HEIGHT = 'jump_height_m';

/**
 * Without the server's account of the run, what came until its end is what there is.
 *
 * @param {import('./jumps.js').Entry[]} entries the run's jumps
 * @param {?import('./protocol.js').Summary} summary the server's account
 * @param {boolean} whole whether the account is of the whole run
 * @returns {{title: string, figures: string[][], frames: string}} figures are name, value and what it is worth
 */
export function summaryOf(entries, summary, whole) {
  const jumps = entries.map(({ jump }) => jump).filter(({ metrics }) => metrics[HEIGHT] !== undefined);
  const least = Math.min(...jumps.map(doubt));
  const figures = figuresOf(jumps.filter((jump) => doubt(jump) === least));
  return { title: count(entries.length), figures, frames: summary ? account(summary.frames, whole) : '' };
}

/** @param {import('./protocol.js').Jump} jump @returns {number} 0 for one whose height can be compared with others */
function doubt({ final, quality }) {
  if (!final || !['A', 'B', 'C'].includes(quality?.grade)) return 2;
  return quality.grade === 'C' || quality.warnings?.includes('live_frames_only') ? 1 : 0;
}

/** @param {import('./protocol.js').Jump[]} jumps each with a height @returns {string[][]} */
function figuresOf(jumps) {
  if (jumps.length === 0) return [];
  const best = jumps.reduce((one, other) => (other.metrics[HEIGHT] > one.metrics[HEIGHT] ? other : one));
  const { metrics, uncertainty, final, quality } = best;
  const worth = final && quality?.grade in GRADES ? `Grade ${quality.grade}, ${GRADES[quality.grade]}` : OPEN;
  const figures = [['Best', measure(HEIGHT, metrics[HEIGHT], uncertainty?.[HEIGHT]), worth]];
  const alike = jumps.filter(({ movement }) => movement === best.movement);
  if (alike.length > 1) {
    const sum = alike.reduce((total, jump) => total + jump.metrics[HEIGHT], 0);
    const kind = alike.length < jumps.length ? ' of its kind' : '';
    figures.push([`Mean of ${alike.length}${kind}`, measure(HEIGHT, sum / alike.length)]);
  }
  return figures;
}
