// The numbers that the app's processes agree on, each with its reason.
'use strict';

module.exports = {
  /** Pictures of one session: so many tiles a page still scrolls, and so many vectors still fit. */
  MAX_PICTURES: 5000,
  /** Longest side of a thumbnail; a tile is at most 320 CSS pixels wide, on screens of 1 to 2 pixels each. */
  THUMBNAIL_SIDE: 480,
  /** Longest side of a picture with its map drawn on it. */
  OVERLAY_SIDE: 640,
  /** Longest side of what the page decodes for the network, or sharp of a huge picture, which looks at 448 pixels or fewer. */
  DECODED_SIDE: 768,
  /** Pixels that are decoded at full size, 256 MB of them in a page; larger pictures are shrunk as they are decoded. */
  MAX_WHOLE_PIXELS: 64e6,
  /** How long one picture may take, from a disk that sleeps to its labels. */
  PICTURE_MS: 60_000,
  /** How long a request may take that has no time of its own. */
  REQUEST_MS: 30_000,
  /** How long the model may take to load, from a hub too. */
  START_MS: 600_000,
};
