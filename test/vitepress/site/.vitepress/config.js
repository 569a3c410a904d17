import { pageRerank } from 'page-rerank/vitepress'

export default {
  title: 'Small site',
  base: '/docs/',
  cacheDir: process.env.SITE_CACHE,
  locales: {
    root: { label: 'English', lang: 'en-GB' },
    zh: { label: '中文', lang: 'zh-CN' },
    fr: { label: 'Français', lang: 'fr' },
  },
  themeConfig: { search: { provider: 'local' } },
  vite: { plugins: [pageRerank({ device: 'wasm' })] },
}
