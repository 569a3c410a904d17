import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createLanguageGuard } from '../../src/core/language-guard.js'
import { createTokenizer } from '../../src/core/tokenizer.js'

const folder = 'models/page-rerank-small-en'
const CHINESE = 'models/page-rerank-small-zh'
const read = (file: string, from = folder) => JSON.parse(readFileSync(`${from}/${file}`, 'utf8')) as Record<string, unknown>
const tokenizer = createTokenizer(read('tokenizer.json'), read('tokenizer_config.json'))
const english = createLanguageGuard(tokenizer, ['en'])
const chineseTokenizer = createTokenizer(read('tokenizer.json', CHINESE), read('tokenizer_config.json', CHINESE))

/** One question a language: where the key is that somebody left on the table when the shop was closed. */
const QUESTIONS = {
  German: 'Wo ist der Schlüssel, den jemand auf dem Tisch vergessen hat?',
  French: 'Où est la clé que quelqu’un a laissée sur la table ?',
  Spanish: '¿Dónde está la llave que alguien dejó en la mesa?',
  Portuguese: 'Onde está a chave que alguém deixou na mesa?',
  Italian: 'Dove è la chiave che qualcuno ha lasciato sul tavolo?',
  Dutch: 'Waar is de sleutel die iemand op de tafel heeft laten liggen?',
  Swedish: 'Var är nyckeln som någon har glömt på bordet?',
  Danish: 'Hvor er nøglen, som nogen har glemt på bordet?',
  Norwegian: 'Hvor er nøkkelen som noen har glemt på bordet?',
  Finnish: 'Missä on avain, joka jäi pöydälle kun kauppa oli kiinni?',
  Polish: 'Gdzie jest klucz, który ktoś zostawił na stole?',
  Czech: 'Kde je klíč, který někdo nechal na stole?',
  Romanian: 'Unde este cheia pe care cineva a lăsat-o pe masă?',
  Hungarian: 'Hol van a kulcs, ami az asztalon maradt és nem találom?',
  Turkish: 'Masada bırakılan anahtar nerede ve bunun için ne yapmalı?',
  Indonesian: 'Di mana kunci yang tertinggal dan tidak ada di atas meja?',
  Vietnamese: 'Chìa khóa của người bị bỏ quên ở đâu và làm thế nào?',
}

const OTHER_SCRIPTS = {
  Russian: 'Где ключ, который забыли на столе?',
  Greek: 'Πού είναι το κλειδί;',
  Arabic: 'أين المفتاح الذي تركوه على الطاولة؟',
  Hebrew: 'איפה המפתח שנשאר על השולחן?',
  Hindi: 'मेज़ पर छूटी चाबी कहाँ है?',
  Thai: 'กุญแจที่ลืมไว้บนโต๊ะอยู่ที่ไหน',
  Chinese: '忘在桌上的钥匙在哪里？',
  Japanese: '机の上に忘れた鍵はどこですか',
  Korean: '탁자 위에 두고 온 열쇠는 어디에 있나요?',
}

const ENGLISH = [
  'where is the key that somebody left on the table',
  'key left on table',
  'Los Angeles',
  'what does de facto mean in la niña years',
  'the man will die in war',
  'naïve café résumé',
  'C++ std::vector<int> const &x',
  'α-synuclein and β-amyloid',
  'bread 🥖 recipe',
  '42',
  '?',
]

const documents = (text: string, count = 12) => Array.from({ length: count }, (_, i) => `${text} (${i})`)
const ENGLISH_DOCUMENTS = documents('The key was left on the table when the shop closed.')

describe('a model of English alone', () => {
  test.each(Object.entries(QUESTIONS))('a question in %s', (language, question) => {
    const mismatch = english(question, ENGLISH_DOCUMENTS)
    expect(mismatch).toMatchObject({ part: 'query', code: 'language' })
    expect(mismatch?.reason).toMatch(/^The query looks like \p{Lu}\w+.*only language is English\.$/u)
    // Danish and Norwegian share most of their small words.
    if (!['Danish', 'Norwegian'].includes(language)) expect(mismatch?.reason).toContain(language)
  })

  test.each(Object.entries(OTHER_SCRIPTS))('a question in %s', (_, question) => {
    expect(english(question, ENGLISH_DOCUMENTS)).toMatchObject({ part: 'query', code: 'script' })
  })

  test.each(ENGLISH)('fits: %s', (query) => {
    expect(english(query, ENGLISH_DOCUMENTS)).toBeUndefined()
  })

  test('accents typed as letter and mark, and capitals', () => {
    expect(english(QUESTIONS.Vietnamese.normalize('NFD').toUpperCase(), [])).toMatchObject({ code: 'language' })
  })

  test('documents: most of them must be beyond it', () => {
    const foreign = documents(QUESTIONS.German, 12)
    expect(english('key table', foreign)).toMatchObject({ part: 'documents', code: 'language' })
    expect(english('key table', foreign)?.reason).toBe("Most documents look like German; the model's only language is English.")
    expect(english('key table', documents(OTHER_SCRIPTS.Thai, 1000))).toMatchObject({ part: 'documents', code: 'script' })
    expect(english('key table', [...ENGLISH_DOCUMENTS, ...foreign])).toBeUndefined()
    expect(english('key table', ['', ' ', '🎉', ...foreign.slice(0, 4)])).toBeUndefined()
    expect(english('key table', [])).toBeUndefined()
  })

  test('tokens outside the vocabulary', () => {
    expect(english('🥖🧂', [])).toMatchObject({ part: 'query', code: 'unknown-tokens' })
  })
})

describe('other models', () => {
  test('German alone: its own words fit, English does not', () => {
    const guard = createLanguageGuard(tokenizer, ['de-AT'])
    expect(guard(QUESTIONS.German, documents(QUESTIONS.German))).toBeUndefined()
    expect(guard('what is the key that was left on the table', [])?.reason).toBe(
      "The query looks like English; the model's only language is German.",
    )
  })

  test('Japanese alone: Latin letters belong, other scripts do not', () => {
    const guard = createLanguageGuard({ encodeDocument: () => [], unknownTokenId: undefined }, ['ja'])
    for (const query of ['iPhone 15 Pro', OTHER_SCRIPTS.Japanese, '鍵', 'サーバー']) expect(guard(query, [])).toBeUndefined()
    expect(guard(OTHER_SCRIPTS.Russian, [])?.reason).toBe("The query is in another script than Japanese, the model's only language.")
  })

  describe('Chinese alone', () => {
    const guard = createLanguageGuard(chineseTokenizer, ['zh'])
    const chinese = documents('wx.request 发起网络请求，fail 回调里可以看到 errMsg。')

    test.each([
      '怎么取消一个请求',
      '請問高鐵票可以退嗎？',
      'AbortController 怎么用',
      'wx.setStorageSync',
      'how do I abort a request that takes too long',
      '登录态',
      'iPhone 15 Pro',
    ])('is asked: %s', (query) => {
      expect(guard(query, chinese)).toBeUndefined()
    })

    test.each([OTHER_SCRIPTS.Russian, OTHER_SCRIPTS.Korean, OTHER_SCRIPTS.Arabic, 'この鍵はどこにありますか'])(
      'is not asked: %s',
      (query) => {
        expect(guard(query, chinese)).toMatchObject({ part: 'query', code: 'script' })
      },
    )

    test('pages without a Chinese letter are beyond it, pages with code are not', () => {
      expect(guard('怎么取消一个请求', ENGLISH_DOCUMENTS)?.reason).toBe(
        "Most documents are in another script than Chinese, the model's only language.",
      )
      expect(
        guard('怎么取消一个请求', documents('request({ url, method, header, timeout, success, fail, complete }) // 请求')),
      ).toBeUndefined()
      expect(guard('请求', documents('wx.request'))).toBeUndefined()
      expect(guard('请求', [...ENGLISH_DOCUMENTS, ...chinese])).toBeUndefined()
    })
  })

  test.each([[[]], [['en', 'de']], [['multilingual']], [['mul']]])('languages %j: only unknown tokens count', (languages) => {
    const guard = createLanguageGuard(tokenizer, languages)
    for (const question of [QUESTIONS.Spanish, OTHER_SCRIPTS.Russian]) expect(guard(question, documents(question))).toBeUndefined()
    expect(guard('🥖🧂', [])).toMatchObject({ part: 'query', code: 'unknown-tokens' })
    expect(guard('bread', Array(12).fill('🥖🧂'))).toMatchObject({ part: 'documents', code: 'unknown-tokens' })
  })

  test('a vocabulary of bytes has no unknown tokens', () => {
    const guard = createLanguageGuard({ encodeDocument: () => [0, 0, 0], unknownTokenId: undefined }, [])
    expect(guard('🥖🧂', [])).toBeUndefined()
  })
})
