import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { extractMiniProgramApis } from '../../src/demo/corpus/mini-program-apis.js'

const docs = 'https://developers.weixin.qq.com/miniprogram/dev'

describe('extractMiniProgramApis', () => {
  test('takes methods with what they do, as plain text', () => {
    const source = `
interface Wx {
  /** [[Lamp](${docs}/api/Lamp.html) wx.getLamp(Object object)](${docs}/api/lamp/wx.getLamp.html)
*
* 需要基础库： \`1.2.0\`
*
* 在插件中使用：不支持
* @deprecated 请使用 [wx.lamp](${docs}/api/lamp/wx.lamp.html)
*
* 获取**灯**，参见[说明](${docs}/framework/lamp.html)。
*
* - 需要用户授权 \`scope.lamp\`
*
* **示例代码**
*
* \`\`\`js
wx.getLamp({ success() {} })
\`\`\`
* ![](@program/dev/image/lamp.png) */
  getLamp(option: GetLampOption): void
}`
    expect(extractMiniProgramApis(source)).toEqual([
      {
        id: 'wx.getLamp',
        title: 'wx.getLamp()',
        text: '获取灯，参见说明。 需要用户授权 scope.lamp',
        kind: 'method',
        url: `${docs}/api/lamp/wx.getLamp.html`,
        deprecated: true,
      },
    ])
  })

  test('leaves out parameters, and methods that nothing is said of; says each once', () => {
    const signature = `[Lamp.on()](${docs}/api/lamp/Lamp.on.html)`
    const source = `/** 亮度，见 [Lamp](${docs}/api/Lamp.html) */ /** ${signature}\n *\n * 需要基础库： \`1.2.0\` */ /** ${signature}\n *\n * 开灯 */ /** ${signature}\n *\n * 再开 */`
    expect(extractMiniProgramApis(source).map(({ id, text }) => [id, text])).toEqual([['Lamp.on', '开灯']])
  })

  test('finds over a thousand in miniprogram-api-typings, none with marks of its source', () => {
    const source = readFileSync(createRequire(import.meta.url).resolve('miniprogram-api-typings/types/wx/lib.wx.api.d.ts'), 'utf8')
    const entries = extractMiniProgramApis(source)
    expect(entries.length).toBeGreaterThan(1100)
    expect(entries.find(({ id }) => id === 'wx.getLocalIPAddress')?.text).toBe('获取局域网IP地址')
    expect(entries.filter(({ text }) => /```|\*\*|\]\(|^@|需要基础库：/.test(text)).map(({ id, text }) => [id, text])).toEqual([])
  })
})
