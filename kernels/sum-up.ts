// Sums of late interaction with 128-bit SIMD (docs/late-interaction.md), in AssemblyScript. src/core/late-interaction/sums.ts is the
// same in plain JavaScript and gives the same integers.
//
// A table of 16 sums of 16 bits is looked up for 16 tokens at a time, its low and its high bytes apart: a swizzle finds 16 bytes
// by 16 half bytes. Low bytes are summed as unsigned and high bytes as signed 16-bit numbers, which 256 groups of four dimensions
// cannot overflow.
//
// Memory is the caller's: every pointer is to where it has put something.

const BLOCK: usize = 16
const WINDOW_BLOCKS: u32 = 3
const TITLE_BLOCKS: u32 = 2

/**
 * @param documents one each: its tokens (u32), then the address of each plane of its codes (u32), in blocks of 16 tokens
 * @param out one document each, four float64: mean, best, window, title
 * @param table row by row, four dimensions by four: 16 low bytes, 16 high bytes
 * @param weights of the rows behind the first (u8)
 * @param planes how many are looked at; each is worth twice the next
 * @param bytes of a token in a plane: eight dimensions a byte
 * @param scratch 4 bytes for every row and block of the longest document, and 64
 */
export function sumUp(
  documents: usize, count: u32, out: usize, table: usize, weights: usize,
  rows: u32, planes: u32, bytes: u32, scratch: usize,
): void {
  for (let document: u32 = 0; document < count; document++) {
    sumUpOne(documents, out, table, weights, rows, planes, bytes, scratch)
    documents += 4 + 4 * <usize>planes
    out += 32
  }
}

function sumUpOne(
  document: usize, out: usize, table: usize, weights: usize,
  rows: u32, planes: u32, bytes: u32, scratch: usize,
): void {
  const tokens = load<u32>(document)
  const blocks = (tokens + 15) / 16
  const lanes = scratch
  // The largest similarities of each block, the rows of a block together.
  const largest = scratch + 64
  const least = i32x4.splat(i32.MIN_VALUE)
  let mean: i64 = 0

  for (let block: u32 = 0; block < blocks; block++) {
    const first = block * 16
    const codesAt = <usize>block * BLOCK * <usize>bytes
    for (let row: u32 = 0; row < rows; row++) {
      let s0 = i32x4.splat(0), s1 = s0, s2 = s0, s3 = s0
      for (let plane: u32 = 0; plane < planes; plane++) {
        let codes = <usize>load<u32>(document + 4 + 4 * <usize>plane) + codesAt
        let sums = table + 64 * <usize>bytes * <usize>row
        let lowA = i16x8.splat(0), lowB = lowA, highA = lowA, highB = lowA
        for (let j: u32 = 0; j < bytes; j++) {
          const two = v128.load(codes)
          const even = v128.and(two, i8x16.splat(15))
          const odd = i8x16.shr_u(two, 4)
          const a = i8x16.swizzle(v128.load(sums), even)
          const b = i8x16.swizzle(v128.load(sums, 32), odd)
          lowA = i16x8.add(lowA, i16x8.add(i16x8.extend_low_i8x16_u(a), i16x8.extend_low_i8x16_u(b)))
          lowB = i16x8.add(lowB, i16x8.add(i16x8.extend_high_i8x16_u(a), i16x8.extend_high_i8x16_u(b)))
          const c = i8x16.swizzle(v128.load(sums, 16), even)
          const d = i8x16.swizzle(v128.load(sums, 48), odd)
          highA = i16x8.add(highA, i16x8.add(i16x8.extend_low_i8x16_s(c), i16x8.extend_low_i8x16_s(d)))
          highB = i16x8.add(highB, i16x8.add(i16x8.extend_high_i8x16_s(c), i16x8.extend_high_i8x16_s(d)))
          codes += BLOCK
          sums += 64
        }
        s0 = i32x4.add(i32x4.shl(s0, 1), i32x4.add(i32x4.extend_low_i16x8_u(lowA), i32x4.shl(i32x4.extend_low_i16x8_s(highA), 8)))
        s1 = i32x4.add(i32x4.shl(s1, 1), i32x4.add(i32x4.extend_high_i16x8_u(lowA), i32x4.shl(i32x4.extend_high_i16x8_s(highA), 8)))
        s2 = i32x4.add(i32x4.shl(s2, 1), i32x4.add(i32x4.extend_low_i16x8_u(lowB), i32x4.shl(i32x4.extend_low_i16x8_s(highB), 8)))
        s3 = i32x4.add(i32x4.shl(s3, 1), i32x4.add(i32x4.extend_high_i16x8_u(lowB), i32x4.shl(i32x4.extend_high_i16x8_s(highB), 8)))
      }
      if (row == 0) {
        mean += sumOfLanes(lanes, s0, s1, s2, s3, min(tokens - first, 16))
        continue
      }
      if (first + 16 > tokens) {
        // What fills the last block up is no token.
        const left = i32x4.splat(tokens - first)
        s0 = v128.bitselect(s0, least, i32x4.lt_s(i32x4(0, 1, 2, 3), left))
        s1 = v128.bitselect(s1, least, i32x4.lt_s(i32x4(4, 5, 6, 7), left))
        s2 = v128.bitselect(s2, least, i32x4.lt_s(i32x4(8, 9, 10, 11), left))
        s3 = v128.bitselect(s3, least, i32x4.lt_s(i32x4(12, 13, 14, 15), left))
      }
      const four = i32x4.max_s(i32x4.max_s(s0, s1), i32x4.max_s(s2, s3))
      const a = max(i32x4.extract_lane(four, 0), i32x4.extract_lane(four, 1))
      const b = max(i32x4.extract_lane(four, 2), i32x4.extract_lane(four, 3))
      store<i32>(largest + 4 * <usize>(block * rows + row), max(a, b))
    }
  }

  let window = sumOver(largest, weights, rows, 0, min(WINDOW_BLOCKS, blocks))
  for (let first: u32 = 1; first + WINDOW_BLOCKS <= blocks; first++) {
    window = max(window, sumOver(largest, weights, rows, first, WINDOW_BLOCKS))
  }
  store<f64>(out, <f64>mean)
  store<f64>(out, <f64>sumOver(largest, weights, rows, 0, blocks), 8)
  store<f64>(out, <f64>window, 16)
  store<f64>(out, <f64>sumOver(largest, weights, rows, 0, min(TITLE_BLOCKS, blocks)), 24)
}

/** Of every row behind the first: the largest of `count` blocks, times the row's weight. */
function sumOver(largest: usize, weights: usize, rows: u32, first: u32, count: u32): i64 {
  let sum: i64 = 0
  for (let row: u32 = 1; row < rows; row++) {
    let best = i32.MIN_VALUE
    for (let block = first; block < first + count; block++) best = max(best, load<i32>(largest + 4 * <usize>(block * rows + row)))
    sum += <i64>load<u8>(weights + row - 1) * <i64>best
  }
  return sum
}

/** Of the first `count` of 16 numbers. */
function sumOfLanes(lanes: usize, a: v128, b: v128, c: v128, d: v128, count: u32): i64 {
  v128.store(lanes, a)
  v128.store(lanes, b, 16)
  v128.store(lanes, c, 32)
  v128.store(lanes, d, 48)
  let sum: i64 = 0
  for (let i: u32 = 0; i < count; i++) sum += <i64>load<i32>(lanes + 4 * <usize>i)
  return sum
}
