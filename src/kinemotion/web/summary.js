/** What a run came to. */

import { measure } from './format.js';
import { account, count } from './words.js';

const HEIGHT = 'jump_height_m';

/**
 * Without the server's account of the run, what came until its end is what there is.
 *
 * @param {import('./jumps.js').Entry[]} entries the run's jumps
 * @param {?import('./protocol.js').Summary} summary the server's account
 * @param {boolean} whole whether the account is of the whole run
 * @returns {{title: string, figures: [string, string][], frames: string}}
 */
export function summaryOf(entries, summary, whole) {
  const heights = entries.map(({ jump }) => jump.metrics[HEIGHT]).filter((height) => height !== undefined);
  const mean = heights.reduce((sum, height) => sum + height, 0) / heights.length;
  /** @type {[string, string][]} */
  const figures = heights.length === 0 ? [] : [['Best', measure(HEIGHT, Math.max(...heights))]];
  if (heights.length > 1) figures.push(['Mean', measure(HEIGHT, mean)]);
  return { title: count(entries.length), figures, frames: summary ? account(summary.frames, whole) : '' };
}
