import { expect, test } from 'vitest'
import { readHtml } from '../../src/node/commands/read-html.js'

test.each<[string, string[], string?]>([
  ['<title>A &amp; B</title><body><p>one<p>two<br>three', ['one', 'two', 'three'], 'A & B'],
  // The main part, which may hold others; else an article, from the first to the last.
  ['<body>no<main>yes <article>too</article></main>no', ['yes', 'too']],
  ['no<article>one</article><p>two</p><ARTICLE>three</ARTICLE>no', ['one', 'two', 'three']],
  ['<head><title>T</title>no</head>words without a body', ['words without a body'], 'T'],
  // Without what is no word of the page's.
  ['a<script>"<p>" < 1 </scrip> --></script>b<style>p{}</style>c<!-- <p>no</p> -->d', ['a b cd']],
  ['<nav>no<nav>no</nav>no</nav>yes<footer>no</footer>', ['yes']],
  ['one<svg><title>icon</title><style/><path/></svg>two<svg/>three', ['one twothree']],
  ['<template><main>no</main></template><main>yes</main>', ['yes']],
  ['<main><nav>no</nav>yes</main>', ['yes']],
  // References, of every kind.
  ['&lt;b&gt;&nbsp;caf&eacute; &#8212;&#x2014; AT&T &unknown; &copy', ['<b> café —— AT&T &unknown; ©']],
  ['<a title="<p>" href=x>in <b>line</b></a>', ['in line']],
  // What is no tag stays, what is never closed takes nothing with it but a comment and a script.
  ['1 < 2 and 3<4', ['1 < 2 and 3<4']],
  ['a<nav>b<p>c', ['ab', 'c']],
  ['<nav>a</footer>b</nav>c', ['c']],
  ['a<!-- b', ['a']],
  ['', []],
])('%j says %j', (html, lines, title) => {
  expect(readHtml(html)).toEqual({ lines, ...(title !== undefined && { title }) })
})

/** Everything that is looked for as far as the end, everything that is looked for as far as the beginning. */
const PIECES = [
  '<!--',
  '<script>',
  '<',
  '<a ',
  '</',
  '&',
  '&#x',
  '<nav>',
  '<nav></footer>',
  '</nav>',
  '<div>',
  '<title>',
  '<svg>',
  '<b a=">',
  '<main>',
]
test.each(PIECES)('%j again and again is read in linear time', (piece) => {
  const start = performance.now()
  readHtml(`<p>hi</p>${piece.repeat(200_000)}`)
  expect(performance.now() - start).toBeLessThan(5000)
})
