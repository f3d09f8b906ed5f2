import { describe, expect, it } from 'vitest';
import { differenceOf, intersectionOf, unionOf } from '../../../../src/shape/cross-node/set-algebra.js';

describe('sets', () => {
  it('unite', () => {
    expect([...unionOf([['a', 'b'], [], ['b', 'c']])]).toEqual(['a', 'b', 'c']);
    expect(unionOf([]).size).toBe(0);
  });

  it('intersect', () => {
    expect([...intersectionOf([['b', 'a'], ['a', 'c', 'b'], ['b']])]).toEqual(['b']);
    expect(intersectionOf([['a'], [], ['a']]).size).toBe(0);
    expect(intersectionOf([]).size).toBe(0);
  });

  it('subtract', () => {
    expect([...differenceOf(['a', 'b', 'c'], [['b'], ['d'], []])]).toEqual(['a', 'c']);
    expect([...differenceOf(['a'], [])]).toEqual(['a']);
  });
});
