/**
 * Everyday words of languages in Latin script, by BCP 47 code, lower case: function words, question words, the commonest
 * verbs. Three parts between bars, by what a word says about the language of a short text:
 *
 * 1. clear: hardly seen in texts of other languages;
 * 2. common: also titles, borrowed phrases, abbreviations or words of other languages (German "war", Spanish "son");
 * 3. particles of names, places, dishes and brands, which go around the world (de, la, von, der, al).
 *
 * A `?` marks words that open a question. Questions are often typed without accents, so such forms are listed too.
 */
const WORDS: Record<string, string> = {
  en: `
    is? are? was were be been not no if so than then that this these those there what? which? who? whose? whom? when? where? why?
    how? do? does? did? has have had can? could will would should? may might must it its he she they we you your my me our their
    his her him them us any all also only more most such while during after before between under i being because each other some
    many much very just about into out up off as or but with from by an through until both same here get make need use dont cant
    doesnt didnt isnt whats vs without within against near | don t s re ve ll am im | the of and to a in on at for over`,
  de: `
    wird werden wurde wurden worden nicht sich auch noch aber oder wenn dass weil wie? wann? warum? wieso? wer? wo? wohin? woher?
    wen? wem? wessen? wozu? womit? wovon? worüber? wofür? welche? welcher? welches? welchen? welchem wieviel? haben hatte hatten
    kann kannst können könnte könnten muss müssen soll sollte darf dürfen sie wir ihr ihre ihren ihrer ihrem seine seiner seinen
    seinem meine meinen meiner keine keinen einen einem einer eines durch nach über beim während nur schon sehr mehr viele immer
    wieder dieser diese dieses diesem diesen jetzt heute gestern gibt macht machen geht kommt kostet bleibt steht heißt bedeutet
    brauche braucht möchte dort damit etwas alle bitte seit ohne dich ihm ihn wegen bevor nachdem zwischen jeder jede wollen sagt
    sagte jahre jahren tage euch unser unsere ist sind eine gegen viel nichts suche zwei drei vier neue neuen ersten erste kinder
    müsste würde hätte einige mal muß niemand zuerst fährt darum davon dazu daran sollten wäre bleiben blieb ging hast mußte
    derzeit | es er ich du was? hat bin mein sein kein als so vor also hier man uns mich mir bis unter um ab ob fur für | der die
    das den dem des ein und von vom zu zum zur im in am an auf aus bei mit`,
  fr: `
    sont était étaient étant été être avait avaient avoir faire fais peut peuvent peux dois doit faut veux veut quel? quelle?
    quels? quelles? où? quand? comment? pourquoi? combien? dans avec mais donc parce aussi très moins elles leur leurs notre votre
    cette qui? après avant pendant jusqu alors toujours jamais toute toutes même autre autres puis depuis chaque plusieurs quoi?
    serait ainsi cela ceux celle celui selon lors afin aujourd hier ans mieux beaucoup trop peu veuillez jour sommes êtes suis
    ouvre cherche merci fallait voir savoir aller va vont allez ceci personne | que? qu? je vous rien contre entre ici s n il elle
    on ma ta sa me te se moi toi lui vers pour plus pas ne nous ils ont a fait mes ses nos vos ces cet ce si tout tous encore c j
    y dont tu mon ou? sera bien son dire est? deux trois quinze | le la les un une des du de et en sur sans chez au aux à l d par
    sous`,
  es: `
    qué? quién? quiénes? cuál? cuáles? cuándo? dónde? cómo? cuánto? cuántos? cuánta cuántas? quien? quienes cual? cuales? cuando?
    donde? cuanto? cuantos? porque pero fue fueron está están estaba estar hace hacer hacen tiene tienen tenía tener puede puedo
    pueden puedes debe deben debo había habían también muy menos desde hasta durante según después cada otra otros otras estas
    todos todas aunque mientras hoy ayer sido siempre nunca algo alguien dijo dice antes años quiero sirve hacia ella aquí esta
    estos abre horas hora quedó puso hizo dos tres mucho mucha muchos muchas llama llamó debajo encima mejor largo | que? ya ser
    eran nada día tan tras este así para no su sus todo sobre ni yo tu mas es era son hay ha han mi mis nos les se lo le si sí sin
    más entre como? otro eso esa ese mí me te él por cuantas? | el la los las un una unos unas de del y en a con o e al`,
  pt: `
    qual? quais? quem? quando? onde? quanto? quantos? quanta? quantas? são foi foram eram está estão estava estar têm tinha pode
    podem posso deve devem há fazer faz fica ficar ficou não também muito muitos já até desde depois outra outros outras pelo pela
    pelos pelas numa ao aos às isso isto esse essa ele eles elas você vocês meu minha seu sua seus suas porque é voce ainda apenas
    quase hoje ontem mesmo nem nossa nosso qualquer anos então fazem disse uma abre horas hora dois duas três fui vou preciso
    quero cerca sempre agora aqui ali faça deveria | que? cada antes durante este esta ser sobre por para se me te lhe tem ter sem
    ou mas mais menos eu ela nao era entre como? todos todas tudo outro dia vai com um | o a e do da dos das de no na os as em nas
    nos num à`,
  it: `
    è sono erano stato stata stati essere hanno aveva avevano avere può possono posso deve devono quali? quando? perché? perche?
    quanto? quanti? quanta? quante? quale? più piu anche però questo questa questi queste quello quella quelli ogni suoi loro dopo
    molto molti già nel nella nei nelle nell sul sulla sulle dalla dalle qual? cui fino sotto così poi niente qualche alcuni ieri
    oggi fare fatto viene vengono tutti tutte dove? secondo quindi mentre oppure anni quest anno giorno due bisogna occorre serve
    trovare resta essa esso invece vorrei voglio vuole vuoi devo | che? chi? noi voi durante tutto mai nulla senza mi ti si fa ha
    se ma per tra fra non come? cosa? era sempre solo suo sua lei lui mio mia prima ci ne c sia ancora ora sta puo qui | il lo la
    i le l un uno una di del della dei dello delle degli da dal dai al alla allo agli ai all dell dall ed e a in con su o d gli`,
  nl: `
    een waren wordt worden werd werden niet geen ook maar deze dit wie? waar? wanneer? waarom? welke? welk? hoeveel? heeft hebben
    hadden kan kun kunt kunnen zou zullen zal gaat gaan jij jou hij zij ze wij jullie mijn jouw onze ons naar uit voor veel zeer
    altijd andere tegen tussen tijdens volgens sinds zonder zich doen doe maken krijgen daar toch toen omdat alleen nooit iets
    niets iemand eens nodig staat komt bent heb hebt gisteren vandaag steeds jaar elke elk moet moeten zijn vul graag eerste twee
    drie iedereen mensen wilt wilde gaf kwam ging laatste klopt zodat terwijl hoelang | het ik je heel want dus hen meer ben we
    men is was dat die als dan wat? hoe? had mag wil haar hun met bij om nog al alle na er hier nu toe onder zo tot door over | de
    van en in op aan te ten ter den der of`,
  sv: `
    och att är inte ett hade från för hur? när? vem? vilken? vilket? vilka? varför? ska skulle måste får jag hon sitt sina mitt
    mina eller mellan efter också mycket många än så upp där här vara varit blir blev bli finns gör göra någon något några allt
    detta denna dessa utan genom sedan innan redan på vad? heter går fick få kommer även deras hennes hans år varje igår idag
    eftersom gjorde säger två tre sitter står ligger god behöver vilja sent senaste aldrig alltid ju kunde ville skall | det kan
    dem bara som har vill inom fram mest om av vi du han sig sin min mig dig oss men under mer ut mot nu hos med till vid var?
    alla åt | en i de den in`,
  da: `
    og ikke havde hvad? hvordan? hvor? hvornår? hvem? hvilken? hvilket? hvilke? hvorfor? skal skulle må jeg hun sit sine mit mine
    eller mellem efter også meget mange end så op være været bliver blev blive findes gør gøre nogen noget nogle dette denne disse
    uden gennem siden allerede på får fik få hedder kommer år hans hendes deres hver går indtil fordi to tre fandt kom gik kørte
    siger altid aldrig kunne ville står ligger sagde | det kan dem bare alt der her som har vil mest at er om et vi du han sig sin
    min mig dig os men under mere ud mod nu hos med til af for var ved man fra ad | en i de den`,
  no: `
    og ikke hadde hva? hvordan? hvor? når? hvem? hvilken? hvilket? hvilke? hvorfor? skal skulle må jeg hun seg sitt sine mitt mine
    eller mellom etter også mye mange enn så opp være vært blir ble bli finnes gjør gjøre noen noe dette denne disse uten gjennom
    siden allerede på får fikk få heter kommer år hans hennes deres hver går fordi tre fant kom gikk kjørte sier alltid aldri
    kunne ville står ligger sa | det kan dem bare alt der her som har vil mest at er om et vi du han sin min meg deg oss men under
    mer ut mot nå hos med til av for var ved man fra | en i de den å`,
  fi: `
    että oli olivat ovat mutta kun kuin mikä? mitä? mitkä? missä? mistä? mihin? milloin? kuka? miten? miksi? kuinka? monta hän
    joka jotka jossa jonka myös olla ollut olen niin tämä tämän tänä minä sinä voi voin voivat voiko onko? ovatko kanssa mukaan
    sekä jälkeen ennen asti vuoksi hänen heidän minun täytyy pitää saa koska kuten hyvin aina vielä nyt sitten tässä siitä sitä
    niitä kaikki eivät eikä vaikka noin aikana vuonna vuoden kautta eilen tänään kuitenkin enemmän paljon kaksi tuli sanoi minulla
    sinulla meillä teen tehdä tekee haluan tarvitsen mikään myöhemmin heti pois | on ne ja ei se sen he me tai alla ole jos vain
    yli alle |`,
  pl: `
    się nie są że gdzie? kiedy? dlaczego? który? która? które? których którym którego której jaki? jaka? jakie? jakim ile? ilu?
    czy? dla przez przed przy między oraz lub albo jego jej ich był była było byli były być będzie będą może mogą można mogę
    trzeba mają tego tym tylko już bardzo jako także również ze żeby aby jeśli gdy podczas moja moje swój swoje swoją każdy każda
    bez dziś wczoraj teraz wszystko więcej proszę sie ktory ktora ktorej? jaką został została zostały jednak niż nawet potem jest
    jak? mnie mój ponieważ lat roku mieć chcę chce robić zrobić nigdy zawsze dwa trzy pan pani jestem jesteś bym dziecka ktos
    mozna | po tak mi bo u by co? ale ma mam ten ta te tej od za we pod nad to kto? | w z na do i a o`,
  cs: `
    jsou byl byla bylo byli byly být bude budou jak? kdo? kdy? proč? který? která? které? kteří jaký? jaká? jaké? kolik? že nebo
    aby když pokud protože také jen už než při před mezi jeho její jejich není jsem jsme jste můžu může mohou mám má můj moje své
    svůj svého tím této tento tato tohoto jako kvůli během podle až ještě velmi všechny čeho něco dnes včera roku kterou kterého
    však jejím bych mít chci dělat udělat nikdy vždy dva tři jsi kolem | kde? se si ale pro přes ze je co? po by za to od ve pod
    nad tak ke | v s na do z k o i a`,
  ro: `
    și şi este sunt erau fost fiind avea avut nu mai cine? când? unde? cât? câți? câte? din pentru dar sau să între după până
    despre către fără într îmi îți mea meu cel cei cele acest acestui această acesta că dacă decât foarte toate lor pot poate
    trebuie însă deci asupra își unui unei dintre cum? anul vreau nimic niciodată întotdeauna doi două trei acum aici acolo fie
    mele dimineață | care? ai al ale ca cea cu ce? ieri azi ani timp lui prin si o e era fi are au am se sa | la de pe un a în in`,
  hu: `
    és hogy nem egy ez aki kik hol? hova? mikor? miért? hogyan? melyik? mely? mekkora? mennyi? hány? volt voltak vannak vagy csak
    milyen után között által pedig még már mint fel kell lehet kellett lesz mert én azt ezt ezek azok olyan minden nagyon sok több
    első akkor majd alatt előtt felett miatt szerint nélkül itt ott legyen ezért tud tudom tudok amely annak azonban illetve két
    néhány ezer mellett ellen során egyik lett mondta évben tegnap vagyok vagytok szeretnék soha mindig három reggel este napot |
    az is ha ki? mi? meg sem ma van te s ő ami | a e de el`,
  tr: `
    bir bu için nasıl? nasil? nerede? nereye nereden kim? neden? niçin? hangi? hangisi? kaç? kac? kadar olarak olan oldu olduğu
    gibi çok daha sonra önce değil degil nedir? veya olacak olur edilir yapılır yapilir eder etti benim bizim onun bunu karşı
    arasında tarafından içinde üzerinde altında istiyor lütfen kişi midir mıdır edildi olduğunu bazı yeni büyük nasıldır neydi
    kimdir dün bugün yarın şimdi değildir ediyor yıl yılında istiyorum ben sen biz siz hiçbir şey bunlar üç gün günü saat
    alabilirim yapmak etmek etmiş | ve ile ama var yok hem ise her en tüm ilk ancak göre ne? mi mu ya ki | de da o te`,
  id: `
    yang dari untuk dengan pada adalah itu tidak apa? siapa? kapan? bagaimana? mengapa? berapa? dalam oleh atau akan karena
    sebagai bisa cara antara kami kita mereka telah sudah belum dapat harus menjadi lebih sangat banyak semua seperti jika ketika
    tetapi namun agar saat setelah sebelum tentang bahwa sebuah saja hanya apakah? bukan tersebut secara tahun besar satu juga
    kemarin hingga sampai tanpa bawah atas tadi sekarang bisakah kamu kalian pernah selalu tiga jam nama negara | saya ia dia anda
    hari orang dua ini ke ada pagi lain baru hal para lagi mana? | di dan`,
  vi: `
    và là của có không được một những các với này đã khi ở từ gì? nào bao nhiêu như thế để về đến tại người tôi vào bị đang sẽ rất
    cũng nhưng thì mà còn đó đâu phải nên nếu vì dưới sau trước giữa bằng mỗi đều cần chưa lại lên rồi nhất hơn chúng bà cô ấy
    nhieu khong duoc nuoc nguoi trong làm trên năm ngày mười hai ba hôm qua sáng chiều mở lúc | nao lam cua ông nhà nhu | ai? cho
    co di do hay la may o ra sao? ta the theo to tu va ve voi`,
}

/** Letters beside a to z that texts of a language are full of. */
const LETTERS: Record<string, string> = {
  de: 'äöüß',
  es: 'áéíóúñü¿¡',
  fr: 'àâçéèêëîïôûùœ',
  pt: 'áâãàçéêíóôõú',
  it: 'àèéìòù',
  nl: 'ëïé',
  sv: 'åäö',
  da: 'æøå',
  no: 'æøå',
  fi: 'äö',
  pl: 'ąćęłńóśźż',
  cs: 'áčďéěíňóřšťúůýž',
  ro: 'ăâîșțşţ',
  hu: 'áéíóöőúüű',
  tr: 'çğıöşü',
  vi: 'ăâđêôơưàáèéìíòóùúãõý\u1ea0-\u1ef9',
}

/** What a clear word, a common one and a particle count for. */
const WEIGHTS = [1, 3 / 4, 1 / 5]

/** Everyday words of one language. */
export interface WordList {
  /** Word to what it counts for. */
  weights: ReadonlyMap<string, number>
  /** Words that open a question. */
  openers: ReadonlySet<string>
  /** Matches a word with one of the language's letters beside a to z. */
  letter?: RegExp
}

/** By BCP 47 code. */
export const WORD_LISTS: ReadonlyMap<string, WordList> = new Map(
  Object.entries(WORDS).map(([language, list]) => {
    const weights = new Map<string, number>()
    const openers = new Set<string>()
    for (const [part, words] of list.split('|').entries()) {
      for (const marked of words.match(/\S+/g) ?? []) {
        const word = marked.replace('?', '')
        weights.set(word, WEIGHTS[part] as number)
        if (word !== marked) openers.add(word)
      }
    }
    const letters = LETTERS[language]
    return [language, { weights, openers, letter: letters === undefined ? undefined : new RegExp(`[${letters}]`, 'u') }]
  }),
)

/** A particle's weight: alone, particles say nothing. */
export const PARTICLE = WEIGHTS[2] as number
