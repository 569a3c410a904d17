import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { pageRerank } from 'page-rerank/vitepress'
import { type DefaultTheme, defineConfig } from 'vitepress'
import { siteLink, slug } from './repository-links.js'

const page = (text: string, link: string) => ({ text, link })

const isThere = (link = '') => existsSync(new URL(`../${link.replace(/\/$/, '/index').slice(1)}.md`, import.meta.url))

/** A group of pages; those that are not written are left out. */
function group(text: string, items: DefaultTheme.SidebarItem[]): DefaultTheme.SidebarItem {
  return { text, items: items.filter(({ link }) => isThere(link)) }
}

/** A group of Chinese pages; in place of those that are not translated the English ones. */
function chineseGroup(text: string, items: DefaultTheme.SidebarItem[]): DefaultTheme.SidebarItem {
  const inEnglish = ({ text, link = '' }: DefaultTheme.SidebarItem) => page(`${text}（英文）`, link.replace('/zh/', '/'))
  return group(
    text,
    items.map((item) => (isThere(item.link) ? item : inEnglish(item))),
  )
}

const english: DefaultTheme.Config = {
  nav: [
    page('Guide', '/getting-started'),
    page('Models', '/choosing-a-model'),
    page('Options', '/options'),
    page('API', '/api/page'),
    page('Changelog', '/more/changelog'),
  ],
  sidebar: [
    group('Start', [
      page('Getting started', '/getting-started'),
      page('Choosing a model', '/choosing-a-model'),
      page('Scores and “no answer”', '/scores'),
      page('Bundlers', '/bundlers'),
      page('Troubleshooting', '/troubleshooting'),
    ]),
    group('Into your search', [
      page('A search box', '/search'),
      page('React', '/react'),
      page('Vue', '/vue'),
      page('Custom element', '/component'),
      page('VitePress', '/vitepress'),
      page('Pagefind, Starlight, Nextra', '/pagefind'),
      page('Docusaurus', '/docusaurus'),
      page('Algolia, InstantSearch', '/algolia'),
      page('AI SDK, LangChain, …', '/ai-frameworks'),
      page('Ask a server', '/remote'),
    ]),
    group('In depth', [
      page('A built index', '/index-file'),
      page('Two models, one behind the other', '/cascade'),
      page('Past one machine', '/scale'),
      page('Offline and self-hosting', '/offline'),
      page('Run a server', '/serve'),
      page('Headers: CSP, COOP, COEP', '/headers'),
      page('Long documents', '/long-documents'),
      page('Which words answered', '/matches'),
      page('Languages', '/languages'),
      page('Known models', '/models'),
      page('Where a model may live', '/places'),
      page('Train your own', '/train-your-own'),
    ]),
    group('Reference', [
      page('Every option', '/options'),
      page('Command line', '/command-line'),
      page('page-rerank', '/api/page'),
      page('page-rerank/node', '/api/node'),
      page('page-rerank/search', '/api/search'),
      page('page-rerank/react', '/api/react'),
      page('page-rerank/vue', '/api/vue'),
      page('page-rerank/component', '/api/component'),
      page('page-rerank/algolia', '/api/algolia'),
      page('page-rerank/cascade', '/api/cascade'),
      page('page-rerank/ai-sdk', '/api/ai-sdk'),
      page('page-rerank/langchain', '/api/langchain'),
      page('page-rerank/tanstack-ai', '/api/tanstack-ai'),
      page('page-rerank/mastra', '/api/mastra'),
      page('page-rerank/remote', '/api/remote'),
      page('page-rerank/vitepress', '/api/vitepress'),
      page('page-rerank/no-webgpu', '/api/no-webgpu'),
      page('page-rerank/no-model', '/api/no-model'),
    ]),
    group('How it is made', [
      page('Architecture', '/architecture'),
      page('Late interaction', '/late-interaction'),
      page('What others’ code does', '/upstream'),
      page('Examples', '/more/examples'),
      page('Security', '/more/security'),
      page('Contributing', '/more/contributing'),
    ]),
  ],
}

const chinese: DefaultTheme.Config = {
  nav: [
    page('指南', '/zh/getting-started'),
    page('模型', '/zh/choosing-a-model'),
    page('选项', '/zh/options'),
    page('API（英文）', '/api/page'),
    page('更新记录（英文）', '/more/changelog'),
  ],
  sidebar: [
    chineseGroup('入门', [
      page('开始使用', '/zh/getting-started'),
      page('选择模型', '/zh/choosing-a-model'),
      page('分数与“没有答案”', '/zh/scores'),
      page('打包工具', '/zh/bundlers'),
      page('疑难解答', '/zh/troubleshooting'),
    ]),
    chineseGroup('接入你的搜索', [
      page('搜索框', '/zh/search'),
      page('React', '/zh/react'),
      page('Vue', '/zh/vue'),
      page('自定义元素', '/zh/component'),
      page('VitePress', '/zh/vitepress'),
      page('Pagefind、Starlight、Nextra', '/zh/pagefind'),
      page('Docusaurus', '/zh/docusaurus'),
      page('Algolia、InstantSearch', '/zh/algolia'),
      page('AI SDK、LangChain 等', '/zh/ai-frameworks'),
      page('服务器上的模型', '/zh/remote'),
    ]),
    chineseGroup('深入', [
      page('索引文件', '/zh/index-file'),
      page('两个模型级联', '/zh/cascade'),
      page('一台机器不够时', '/zh/scale'),
      page('离线与自己托管', '/zh/offline'),
      page('运行服务器', '/zh/serve'),
      page('响应头：CSP、COOP、COEP', '/zh/headers'),
      page('长文档', '/zh/long-documents'),
      page('是哪些词回答了', '/zh/matches'),
      page('语言', '/zh/languages'),
      page('已知模型', '/zh/models'),
      page('模型可以放在哪里', '/zh/places'),
      page('训练自己的模型', '/zh/train-your-own'),
    ]),
    chineseGroup('参考', [page('全部选项', '/zh/options'), page('命令行', '/zh/command-line'), page('API', '/zh/api/page')]),
    chineseGroup('实现', [
      page('架构', '/zh/architecture'),
      page('延迟交互', '/zh/late-interaction'),
      page('修补了哪些上游代码', '/zh/upstream'),
      page('示例', '/zh/more/examples'),
      page('安全', '/zh/more/security'),
      page('参与开发', '/zh/more/contributing'),
    ]),
  ],
  outline: { label: '本页内容' },
  docFooter: { prev: '上一页', next: '下一页' },
  darkModeSwitchLabel: '外观',
  lightModeSwitchTitle: '切换到浅色',
  darkModeSwitchTitle: '切换到深色',
  sidebarMenuLabel: '目录',
  returnToTopLabel: '回到顶部',
  langMenuLabel: '语言',
  skipToContentLabel: '跳到正文',
  notFound: { title: '没有这一页', quote: '地址可能写错了，或者这一页已经移走。', linkLabel: '回到首页', linkText: '回到首页' },
}

const chineseSearch = {
  translations: {
    button: { buttonText: '搜索', buttonAriaLabel: '搜索' },
    modal: {
      displayDetails: '显示摘要',
      resetButtonTitle: '清除',
      backButtonTitle: '关闭',
      noResultsText: '没有结果：',
      footer: { selectText: '打开', navigateText: '移动', closeText: '关闭' },
    },
  },
}

/** Of VitePress 1.6's own parts: where its language switch leads, and what axe finds in its components, a home page without a main part, and a key that its search button's name lacks. */
const REPAIRS: Record<string, readonly [from: RegExp, to: string][]> = {
  'VPHome.vue': [
    [/<div(\s+class="VPHome")/, '<main$1'],
    [/<\/div>(\s*<\/template>\s*<style)/, '</main>$1'],
  ],
  // The other language's page where there is one, else its home.
  'langs.js': [[/theme\.value\.i18nRouting !== false/, 'theme.value.translated.includes(page.value.relativePath.replace("zh/", ""))']],
  'VPNavBarSearchButton.vue': [[/"DocSearch-Button-Key">K</, '"DocSearch-Button-Key key-k"><']],
}

const accessibleTheme = {
  name: 'accessible-theme',
  enforce: 'pre' as const,
  transform(code: string, id: string) {
    return REPAIRS[id.split('/').at(-1) ?? '']?.reduce((repaired, [from, to]) => {
      if (!from.test(repaired)) throw new Error(`${id} is another one than what is repaired here: see whether it still needs it.`)
      return repaired.replace(from, to)
    }, code)
  },
}

const BASE = process.env.DOCS_BASE ?? '/'

export default defineConfig({
  title: 'page-rerank',
  description: 'Reorder search results inside the web page: a small model in a Web Worker, on WebGPU or WASM. No server, no key.',
  base: BASE,
  cleanUrls: true,
  srcExclude: ['**/README.md'],
  outDir: fileURLToPath(new URL('../../docs-dist', import.meta.url)),
  cacheDir: fileURLToPath(new URL('../../node_modules/.cache/vitepress', import.meta.url)),
  head: [
    ['link', { rel: 'icon', type: 'image/svg+xml', href: `${BASE}icon.svg` }],
    ['meta', { name: 'theme-color', content: '#f7f5f0', media: '(prefers-color-scheme: light)' }],
    ['meta', { name: 'theme-color', content: '#121413', media: '(prefers-color-scheme: dark)' }],
  ],
  locales: {
    root: { label: 'English', lang: 'en', themeConfig: english },
    zh: {
      label: '简体中文',
      lang: 'zh-CN',
      description: '在网页里给搜索结果重新排序：小模型在 Web Worker 里运行，用 WebGPU 或 WASM。不需要服务器，也不需要密钥。',
      themeConfig: chinese,
    },
  },
  themeConfig: {
    logo: '/icon.svg',
    ...{ translated: readdirSync(new URL('../zh', import.meta.url)) },
    outline: [2, 3],
    search: {
      provider: 'local',
      options: {
        locales: { zh: chineseSearch },
        // Keywords of a text without spaces.
        miniSearch: {
          options: {
            tokenize: (text) =>
              [...new Intl.Segmenter('zh', { granularity: 'word' }).segment(text)]
                .filter((part) => part.isWordLike)
                .map((part) => part.segment),
          },
        },
      },
    },
  },
  markdown: {
    anchor: { slugify: slug },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config(md) {
      // An empty head is no head.
      md.core.ruler.push('empty-heads', ({ tokens }) => {
        tokens.forEach((token, i) => {
          const close = tokens[i + 2]
          if (token.type !== 'th_open' || tokens[i + 1]?.content !== '' || !close) return
          token.tag = 'td'
          close.tag = 'td'
        })
      })
      md.core.ruler.push('repository-links', ({ tokens, env }) => {
        for (const token of tokens.flatMap(({ children }) => children ?? [])) {
          const href = token.attrGet('href')
          if (token.type === 'link_open' && href) token.attrSet('href', siteLink(`docs/${env.relativePath}`, href) ?? '#')
        }
      })
    },
  },
  vite: {
    plugins: [pageRerank(), accessibleTheme],
    build: { chunkSizeWarningLimit: 2000 },
  },
})
