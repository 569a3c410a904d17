/**
 * The commonest function words and question words of languages in Latin script, by BCP 47 code, lower case. They tell
 * languages apart in a few words of text. A word that is a function word in two languages is in both lists, so that it
 * speaks for neither; one that is an everyday noun, verb or name in another listed language (German "die", Italian
 * "come", Polish "ale") is in none. Questions are often typed without accents, so such forms are listed too.
 */
const LISTS: Record<string, string> = {
  en: 'the of and to is are was were be been am in on at by for from with without about into over an as or but not no if so than then that this these those there what which who whose whom when where why how do does did has have had can could will would should may might must it its he she they we you your my me our their his her him them us i s t re ve ll some any all also only more most such while during after before between under up out off',
  de: 'der das dem ein eine einen einem einer eines und oder aber nicht ist sind wird werden wurde wurden sich mit von vom zu zum zur auf aus bei beim nach für über unter durch vor als wie wer wo wann warum was welche welcher welches wieviele wieviel im in an am so auch noch nur es er sie ich wir ihr sein seine seiner haben kann können will also dass wenn zwischen kein keine mein meine',
  fr: 'le la les un une des du de et ou est sont était été être en dans sur avec sans chez au aux ce cet cette ces que qui qu quel quelle quels quelles quoi où quand pourquoi combien ne pas il elle ils elles nous vous je leur leurs ses sa se mais donc très aussi entre depuis selon ont fait peut mon ma mes',
  es: 'el la los las un una unos unas de del al y en que qué cual cuál cuales cuáles quien quién quienes cuando cuándo donde dónde como cómo cuanto cuánto cuantos cuántos cuántas por para con se su sus es fue eran era ha han hay está están más pero no lo le les ya muy también entre desde hasta porque mi este esta ese esa',
  pt: 'os as um uma de do da dos das em no na nos nas ao à que qual quais quem quando onde como quanto quantos quantas por para pelo pela com se seu sua é foi são era está não mais mas ou também entre porque você isso este esta esse essa tem meu minha',
  it: 'il lo gli la le un uno una di del della dei delle degli dello da dal dalla nel nella nei sul sulla al alla ai che chi è sono era stato stata non con si ed ha hanno quando quale quali quanto quanti quante perché cosa anche più ma come questo questa suo sua tra fra mio mia',
  nl: 'de het een van en of is zijn was waren in op aan te dat voor met niet om ook als dan maar bij naar uit door over er wat wie waar hoe wanneer welke waarom hoeveel werd wordt worden hij zij ze we ik je deze dit nog heeft hebben tussen geen mijn tot',
  sv: 'och att det som på är av för med till inte om ett en var har hade från vad hur när vem vilken vilket vilka varför kan jag vi de ska eller mellan efter under också blev min hos',
  da: 'og at det som på er af for med til ikke om et en var har havde fra hvad hvordan hvor hvornår hvem hvilken hvilket hvilke hvorfor kan jeg vi de skal eller mellem efter under også blev ved min hos',
  no: 'og at det som på er av for med til ikke om et en var har hadde fra hva hvordan hvor når hvem hvilken hvilket hvilke hvorfor kan jeg vi de skal eller mellom etter under også ble ved min hos å',
  fi: 'ja on ei että oli ovat mutta kun kuin mikä mitä mitkä missä milloin kuka miten miksi kuinka monta tai hän sen joka jotka myös ole olla niin tämä minä voi ovatko onko kanssa',
  pl: 'w z na do nie się jest że to co jak kto gdzie kiedy dlaczego który która które jaki jaka jakie ile czy od po przez dla za są był była było oraz lub przy jego jej tym tego między jestem mój',
  cs: 'v se na je že to do jak co kdo kde kdy proč který která které jaký jaká jaké kolik byl byla bylo jsou nebo po od za ve ze při jeho její není jsem tak mezi jako podle můj',
  ro: 'și şi în la cu pe din pentru care ce cine cum când unde cât câți câte este sunt era nu mai un o sau dar că să fost lui al de prin între după',
  hu: 'az és hogy nem egy is ez ami aki ki hol mikor miért hogyan melyik volt voltak vagy csak de milyen hány mennyi után között által pedig még már',
  tr: 've bir bu da de ne için ile mi mı nasıl nerede kim hangi kaç neden niçin olarak olan daha çok gibi kadar sonra ancak değil nedir ama veya her en',
  id: 'yang di ke dari untuk dengan pada adalah ini itu tidak apa siapa kapan bagaimana mengapa berapa mana dalam oleh atau akan juga karena sebagai ada saya bisa cara antara',
  vi: 'và là của có không được một những các cho trong với này đã khi ở từ gì nào bao nhiêu như thế để về đến tại sao làm người tôi',
}

/** The languages a word is a function word of. */
const LANGUAGES = new Map<string, string[]>()
for (const [language, words] of Object.entries(LISTS)) {
  for (const word of new Set(words.split(' '))) LANGUAGES.set(word, [...(LANGUAGES.get(word) ?? []), language])
}

export function hasFunctionWords(language: string): boolean {
  return Object.hasOwn(LISTS, language)
}

/** How many different function words of each language a text has; languages without any are left out. */
export function countFunctionWords(text: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const word of new Set(
    text
      .normalize('NFC')
      .toLowerCase()
      .match(/[\p{L}\p{M}]+/gu),
  )) {
    for (const language of LANGUAGES.get(word) ?? []) counts.set(language, (counts.get(language) ?? 0) + 1)
  }
  return counts
}
