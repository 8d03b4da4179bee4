import { at } from "../../common/at.js";

/**
 * Places in the order in which they are to be started; each at most once. Whether one still is
 * ready is looked at when it is taken, so nothing needs to be removed from the middle.
 */
export class ReadyQueue {
  readonly #comesFirst: (a: number, b: number) => boolean;
  readonly #heap: number[] = [];
  readonly #held = new Set<number>();

  constructor(comesFirst: (a: number, b: number) => boolean) {
    this.#comesFirst = comesFirst;
  }

  push(place: number): void {
    if (this.#held.has(place)) return;
    this.#held.add(place);
    this.#heap.push(place);
    this.#rise(this.#heap.length - 1);
  }

  /** The first place for which `ready` holds; those before it are dropped. */
  take(ready: (place: number) => boolean): number | undefined {
    const first = this.peek(ready);
    if (first !== undefined) this.#drop(first);
    return first;
  }

  /** As `take`, but leaves it where it is. */
  peek(ready: (place: number) => boolean): number | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || ready(first)) return first;
      this.#drop(first);
    }
  }

  #drop(first: number): void {
    this.#held.delete(first);
    const last = this.#heap.pop();
    if (this.#heap.length === 0 || last === undefined) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(start: number): void {
    let child = start;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#swapIfFirst(child, parent)) return;
      child = parent;
    }
  }

  #sink(start: number): void {
    let parent = start;
    for (;;) {
      const left = 2 * parent + 1;
      if (left >= this.#heap.length) return;
      const right = left + 1;
      const rightFirst =
        right < this.#heap.length && this.#comesFirst(at(this.#heap, right), at(this.#heap, left));
      const child = rightFirst ? right : left;
      if (!this.#swapIfFirst(child, parent)) return;
      parent = child;
    }
  }

  #swapIfFirst(child: number, parent: number): boolean {
    const a = at(this.#heap, child);
    const b = at(this.#heap, parent);
    if (!this.#comesFirst(a, b)) return false;
    this.#heap[child] = b;
    this.#heap[parent] = a;
    return true;
  }
}
