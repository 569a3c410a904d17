import DefaultTheme from 'vitepress/theme-without-fonts'
import HomeFigure from './HomeFigure.vue'
import './style.css'
import { h } from 'vue'

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { 'home-hero-image': () => h(HomeFigure) }),
}
