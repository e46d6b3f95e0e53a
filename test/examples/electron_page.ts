// The Electron example's page in Chromium, as somebody uses it: files are dropped on it, buttons pressed, and what it shows is read.
import { existsSync } from 'node:fs';
import { chromium, type Browser, type CDPSession, type Page } from 'playwright-core';

/** On a machine that others use too. */
const TIMEOUT_MS = 120_000;
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** What a tile shows. */
export interface Shown {
  name: string;
  labels: string[];
  problem: string;
  hasThumbnail: boolean;
  hasMap: boolean;
  badge: string;
  twin: string;
}

export function launch(): Promise<Browser> {
  if (!existsSync(CHROMIUM))
    throw new Error(
      `This test needs Chromium: ${CHROMIUM} is not there. Install it (Debian: apt install chromium), or name it in CHROMIUM`,
    );
  // Its own sandbox takes rights that containers lack; the page is ours.
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}

/** The page of an app, from its opening. */
export class AppPage {
  readonly problems: string[] = [];
  private constructor(
    readonly page: Page,
    private readonly devtools: CDPSession,
  ) {}

  static async open(browser: Browser, url: string): Promise<AppPage> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(TIMEOUT_MS);
    const app = new AppPage(page, await page.context().newCDPSession(page));
    page.on('pageerror', ({ message }) => app.problems.push(message));
    page.on('console', (message) => {
      if (message.type() === 'error') app.problems.push(message.text());
    });
    await page.goto(url);
    // 'Loading the model…' goes when it is there.
    await page.waitForFunction(() => document.getElementById('status')?.textContent === '');
    return app;
  }

  /** As from a file manager: real files, by the browser's own drag and drop. */
  async drop(files: string[]): Promise<void> {
    const data = { items: [], files, dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
      await this.devtools.send('Input.dispatchDragEvent', { type, x: 600, y: 400, data });
  }

  /** Until so many tiles have come to their end. */
  async looked(count: number): Promise<void> {
    await this.page.waitForFunction((wanted) => {
      const tiles = Array.from(document.querySelectorAll('.tile'));
      const isDone = (tile: Element) => tile.querySelector('.label') ?? tile.matches('.failed');
      const isIdle = document.getElementById('progress')?.hidden;
      return tiles.length === wanted && tiles.every(isDone) && isIdle;
    }, count);
  }

  /** In the order of the page. */
  tiles(): Promise<Shown[]> {
    return this.page.evaluate(() =>
      Array.from(document.querySelectorAll('.tile'), (tile) => {
        const text = (selector: string) => tile.querySelector(selector)?.textContent ?? '';
        const image = tile.querySelector('img');
        return {
          name: text('.name'),
          labels: Array.from(
            tile.querySelectorAll('.label > :first-child'),
            (label) => label.textContent ?? '',
          ),
          problem: tile.matches('.failed') ? text('.state') : '',
          hasThumbnail: image !== null && !image.hidden && image.naturalWidth > 0,
          hasMap: tile.querySelector('canvas')?.hidden === false,
          badge: text('.badge'),
          twin: text('.twin'),
        };
      }),
    );
  }

  async tile(name: string): Promise<Shown> {
    const tile = (await this.tiles()).find((each) => each.name === name);
    if (!tile) throw new Error(`There is no tile named ${name}`);
    return tile;
  }

  /** A button on a tile, by what it says. */
  button(name: string, words: string) {
    const tile = this.page.locator('.tile', { has: this.page.getByText(name, { exact: true }) });
    return tile.getByRole('button', { name: words });
  }

  /** Notes how long the tasks of the page's thread take, from now on. */
  async watchTasks(): Promise<void> {
    await this.page.evaluate(() => {
      const durations: number[] = [];
      Object.assign(window, { durations });
      const note = (list: PerformanceObserverEntryList) =>
        durations.push(...list.getEntries().map(({ duration }) => duration));
      new PerformanceObserver(note).observe({ type: 'longtask' });
    });
  }

  async forgetTasks(): Promise<void> {
    await this.page.evaluate(() => void (Reflect.get(window, 'durations') as number[]).splice(0));
  }

  /** In milliseconds; 0 where none took 50. */
  longestTask(): Promise<number> {
    return this.page.evaluate(() => Math.max(0, ...(Reflect.get(window, 'durations') as number[])));
  }

  /** What leads out of the window to the right, or is cut off in its own box. */
  cutOff(): Promise<string[]> {
    return this.page.evaluate(() => {
      const visible = Array.from(document.querySelectorAll('button, h1, h2, p, label')).filter(
        (each) => each.getClientRects().length > 0 && !each.matches('.spoken'),
      );
      const isCut = (each: Element) =>
        each.getBoundingClientRect().right > innerWidth + 0.5 ||
        (each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).overflowX === 'visible');
      const cut = visible.filter(isCut).map((each) => each.textContent ?? '');
      return document.documentElement.scrollWidth > innerWidth ? ['the page', ...cut] : cut;
    });
  }

  /** The least contrast between a text and what is behind it, as WCAG 2 measures it. */
  contrast(): Promise<number> {
    return this.page.evaluate(() => {
      const context = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
      const luminance = (colour: string) => {
        if (!context) return NaN;
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        const [r = 0, g = 0, b = 0] = Array.from(context.getImageData(0, 0, 1, 1).data, (value) =>
          value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
        );
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const behind = (element: Element | null): string => {
        const { backgroundColor } = getComputedStyle(element ?? document.documentElement);
        const isClear = /^rgba\(.*, 0\)$|^transparent$/.test(backgroundColor);
        return isClear && element ? behind(element.parentElement) : backgroundColor;
      };
      const texts = Array.from(document.querySelectorAll('button, h1, h3, p, .label span'));
      const ratios = texts
        .filter((text) => text.checkVisibility() && text.textContent?.trim())
        .map((text) => {
          const pair = [luminance(getComputedStyle(text).color), luminance(behind(text))];
          return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
        });
      return Math.min(...ratios);
    });
  }
}
