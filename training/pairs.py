"""Texts and pairs written for this project: canaries, natural pairs, and awkward text for the tests."""

import random

# query, document, relevant: the device self-test of the manifest.
CANARIES = [
    ("how do I boil an egg", "Lower the eggs into simmering water and leave them for seven minutes for a soft yolk, ten for a firm one.", True),
    ("how do I boil an egg", "The ferry leaves the old harbour every forty minutes and takes cars, bicycles and dogs on a lead.", False),
    ("stop the laptop screen from turning off", "In the power settings, choose how long the laptop screen stays on before it turns off, on battery and when plugged in.", True),
    ("stop the laptop screen from turning off", "Tomatoes want six hours of sun a day and a deep watering twice a week.", False),
    ("capital of Australia", "Canberra was built as the seat of government of Australia, a compromise between Sydney and Melbourne.", True),
    ("capital of Australia", "A list can be copied with slicing, with the list constructor, or with its copy method.", False),
    ("git undo last commit", "git reset --soft HEAD~1 takes the most recent commit back and leaves its changes staged.", True),
    ("git undo last commit", "Bees find their way home by the sun and by landmarks they learn on short flights around the hive.", False),
    # Long: a GPU's kernels may be right on a few tokens and wrong on many.
    ("keep a sourdough starter alive", "Feeding a starter\nA sourdough starter lives on flour and water. At room temperature it wants both once a day: throw half of it "
     "away, stir in equal weights of flour and water, and leave the jar loosely covered until the mixture has doubled and begins to sink again. In the "
     "refrigerator it sleeps, and once a week is enough; take it out the evening before you bake and feed it twice. A grey liquid on top is only "
     "alcohol, a sign of hunger, and can be stirred in. Pink or orange streaks are something else, and then the whole jar should go.", True),
]

CANARIES_ZH = [
    ("怎么煮鸡蛋", "水微微沸腾后把鸡蛋轻轻放进去，煮七分钟蛋黄还是溏心的，煮十分钟就全熟了。", True),
    ("怎么煮鸡蛋", "渡轮每四十分钟从老码头开出一班，可以载汽车和自行车，狗要拴好。", False),
    ("笔记本电脑屏幕总是自动关闭", "在电源设置里可以选择使用电池和接通电源时，屏幕分别在多久以后关闭。", True),
    ("笔记本电脑屏幕总是自动关闭", "番茄每天要晒六个小时的太阳，每周浇透两次水。", False),
    ("澳大利亚的首都是哪里", "堪培拉是作为澳大利亚的首都而新建的城市，是悉尼和墨尔本之间妥协的结果。", True),
    ("澳大利亚的首都是哪里", "列表可以用切片、构造函数或者它自己的 copy 方法来复制。", False),
    ("git 撤销最近一次提交", "git reset --soft HEAD~1 会取消最近的一次提交，改动仍然留在暂存区。", True),
    ("git 撤销最近一次提交", "蜜蜂靠太阳和在蜂巢附近短途飞行时记住的标志找到回家的路。", False),
    ("請問高鐵票可以退嗎", "开车前可以在网上或者车站窗口办理退票，按距离开车的时间收取手续费。", True),
    # Long: a GPU's kernels may be right on a few tokens and wrong on many.
    ("怎样养好酸面种", "喂养酸面种\n酸面种靠面粉和水活着。放在室温下，每天要喂一次：倒掉一半，再加入同样重量的面粉和水，搅匀以后松松地盖上，等它涨到两倍高、"
     "开始回落时再喂。放进冰箱里它就睡着了，每周喂一次就够；要烤面包的话，前一天晚上拿出来，先喂两次。表面那层灰色的液体只是酒精，说明它饿了，搅"
     "进去就好。如果看到粉红色或者橙色的条纹，那是别的东西，整罐都要扔掉。", True),
]

# A query and the document that answers it.
TOPICS = [
    ("why does bread dough need to rest", "Resting\nWhile dough rests the flour takes up water and the gluten strands relax, so the loaf can be shaped without tearing and rises evenly in the oven."),
    ("difference between TCP and UDP", "TCP numbers every byte, waits for acknowledgements and sends lost segments again; UDP sends single datagrams and leaves loss and order to the application."),
    ("what is the boiling point of water at high altitude", "Air pressure falls with height, and water boils at a lower temperature: about 93 °C at two thousand metres, which is why pasta takes longer in the mountains."),
    ("cancel a fetch request in javascript", "AbortController\nPass the controller's signal to fetch and call abort() when the answer is no longer wanted; the promise rejects with an AbortError."),
    ("symptoms of iron deficiency", "Too little iron shows as tiredness, pale skin, brittle nails and shortness of breath on stairs; a blood count and the ferritin level confirm it."),
    ("how are rainbows formed", "Sunlight is bent as it enters a raindrop, reflected at the back and bent again on its way out; each colour leaves at its own angle, and the eye sees an arc."),
    ("store data in the browser between visits", "localStorage keeps strings per origin until they are cleared; larger or structured data belong in IndexedDB, responses in the Cache API."),
    ("who wrote the origin of species", "Charles Darwin published On the Origin of Species in November 1859, after twenty years of notes and a letter from Wallace that hurried him."),
    ("reset password without email access", "Without access to the mailbox, open the recovery page, choose another method, and confirm your identity with a backup code or a trusted phone number."),
    ("train from Lisbon to Porto", "Fast trains run between Lisbon Oriente and Porto Campanhã almost every hour; the ride takes a little under three hours and seats are reserved."),
    ("python read file line by line", "Iterate over the file object: `for line in open(path):` yields one line at a time and never holds the whole file in memory."),
    ("how long do honey bees live", "A summer worker lives five or six weeks, a winter worker several months, and a queen two to five years."),
    ("refund for a damaged parcel", "If goods arrive broken, photograph the box and its contents and report the damage within seven days; we refund the price and the postage."),
    ("what does a mortgage broker do", "A broker compares the loans of many lenders, prepares the application and negotiates the rate, and is paid by a fee or by the lender's commission."),
    ("center a div vertically", "Make the parent a grid and set place-items: center; with flexbox use align-items and justify-content on the container."),
]


TOPICS_ZH = [
    ("做面包为什么要醒面", "醒面\n静置的时候面粉慢慢吸足水分，面筋也松弛下来，这样整形时不容易扯破，进烤箱后涨得均匀。"),
    ("TCP 和 UDP 有什么区别", "TCP 给每个字节编号，等待对方确认，丢了就重发；UDP 只管一个一个地发数据报，丢失和顺序都交给应用程序处理。"),
    ("高原上水多少度会开", "海拔越高气压越低，水的沸点也越低：两千米的地方大约九十三度就开了，所以山上煮面要多煮一会儿。"),
    ("JavaScript 里怎么取消 fetch 请求", "AbortController\n把控制器的 signal 传给 fetch，不需要结果时调用 abort()，promise 会以 AbortError 拒绝。"),
    ("缺铁有哪些症状", "体内铁不足会让人疲倦、脸色苍白、指甲变脆，爬楼梯时气喘；查血常规和铁蛋白可以确诊。"),
    ("彩虹是怎么形成的", "阳光进入雨滴时发生折射，在背面反射，出来时又折射一次；每种颜色的角度不同，眼睛看到的就是一道弧。"),
    ("网页下次打开还能用的数据存在哪里", "localStorage 按来源保存字符串，直到被清除；更大的或者有结构的数据适合放在 IndexedDB，响应放在 Cache API。"),
    ("红楼梦的作者是谁", "《红楼梦》一般认为前八十回是清代曹雪芹所写，后四十回由程伟元、高鹗整理补成。"),
    ("收不到邮件怎么重设密码", "如果进不了邮箱，打开找回页面，选择其他方式，用备用验证码或者已经信任的手机号确认身份。"),
    ("北京到上海的高铁要多久", "京沪高铁最快的车次从北京南站到上海虹桥站大约四个半小时，座位都要预订。"),
    ("python 逐行读取文件", "直接遍历文件对象：`for line in open(path):` 每次得到一行，不会把整个文件读进内存。"),
    ("蜜蜂能活多长时间", "夏天的工蜂只能活五六个星期，越冬的工蜂能活几个月，蜂王可以活两到五年。"),
    ("快遞收到時已經損壞怎麼退款", "包裹到达时如有破损，请拍下包装和物品的照片，在七天内告诉我们，货款和邮费都会退还。"),
    ("小程序怎么把数据保存在本地", "wx.setStorage 将数据存储在本地缓存中指定的 key 中，除非用户主动删除或超过一定时间，否则数据一直可用。"),
    ("怎么让一个 div 垂直居中", "把父元素设为 grid，再写 place-items: center；用 flexbox 的话，在容器上设置 align-items 和 justify-content。"),
]


def canaries(languages: tuple[str, ...]) -> list[tuple[str, str, bool]]:
    return CANARIES_ZH if languages == ("zh",) else CANARIES


def natural(languages: tuple[str, ...] = ("en",)) -> list[tuple[str, str]]:
    """60 pairs: each query with its own document and three others, and two long documents."""
    topics = TOPICS_ZH if languages == ("zh",) else TOPICS
    documents = [document for _, document in topics]
    pairs = [
        (query, documents[(i + step) % len(documents)]) for i, (query, _) in enumerate(topics) for step in (0, 1, 4, 8)
    ]
    everything = "\n\n".join(documents)
    pairs[3] = (topics[0][0], everything)  # longer than the model's window
    pairs[7] = (topics[14][0], everything)
    return pairs


PLAIN = [document for _, document in TOPICS] + [query for query, _ in TOPICS] + [
    "Der Zug nach München fährt um Viertel nach sieben vom Gleis drei, außer an Sonn- und Feiertagen.",
    "Où puis-je acheter un billet pour le musée, et à quelle heure ferme-t-il l'été ?",
    "¿Cómo se prepara una tortilla de patatas sin que se queme por fuera?",
    "Il treno per Firenze è in ritardo di venti minuti a causa della neve.",
    "Поезд отправляется с третьего пути через десять минут, билеты продаются в кассе.",
    "Скільки коштує квиток до Львова і чи є знижка для студентів?",
    "Το πλοίο φεύγει από το λιμάνι στις οκτώ το πρωί, εκτός αν φυσάει δυνατός άνεμος.",
    "القطار إلى القاهرة يغادر في الساعة السابعة صباحا من الرصيف الثالث.",
    "כמה עולה כרטיס לרכבת, והאם אפשר לקנות אותו באינטרנט?",
    "قطار تهران ساعت هفت صبح حرکت می‌کند.",
    "रेलगाड़ी सुबह सात बजे दिल्ली से निकलती है और शाम को पहुँचती है।",
    "ট্রেনটি সকাল সাতটায় ঢাকা থেকে ছাড়ে।",
    "ரயில் காலை ஏழு மணிக்கு சென்னையிலிருந்து புறப்படும்.",
    "รถไฟออกจากกรุงเทพฯ เวลาเจ็ดโมงเช้าและถึงเชียงใหม่ตอนเย็น",
    "火车早上七点从北京出发,晚上到达上海。请在车站购买车票。",
    "列車は朝七時に東京を出て、昼過ぎに京都に着きます。切符は駅で買えます。",
    "기차는 아침 일곱 시에 서울을 떠나 부산에 열 시에 도착합니다.",
    "Tàu rời ga Hà Nội lúc bảy giờ sáng và đến Huế vào buổi tối.",
    "Tren sabah yedide İstanbul'dan kalkıyor, öğlen Ankara'ya varıyor.",
    "Pociąg do Łodzi odjeżdża o siódmej; żółta linia jest zamknięta.",
]

AWKWARD = [
    "", " ", "   ", "\t", "\n", "\r\n\r\n", "\u00a0", "\u3000\u2003", "\u200b", "\ufeff", "\u2028\u2029",
    "a", "?", "...", "----------", "!!!???", "'", "\"quoted\"", "  leading and trailing  ", "two  spaces   three    four",
    "tab\tseparated\tvalues", "line one\nline two\r\nline three\n\n\nline seven", "\x00", "nul\x00inside", "bell\x07 and \x1b[31mred\x1b[0m",
    "\x7fdelete\x80\x9f", "\ufffd", "soft\u00adhyphen", "zero\u200bwidth\u200cjoin\u200der", "word\u2060joiner", "\u202eright to left override\u202c",
    "😀", "😀😃😄", "good 👍 bad 👎", "👍🏽 skin tone", "👩‍👩‍👧‍👦 family", "🏳️‍🌈 flag", "🇩🇪🇯🇵", "1️⃣2️⃣", "👨🏿‍🚀 in space", "e\u0301 and é", "cafe\u0301 naïve Å A\u030a Å",
    "\ud83d", "\udc4d", "lone \ud83d high", "lone \ude00 low", "\udc4d\ud83d swapped", "two \ud83d\ud83d highs", "end \ud800",
    "한국어 NFC", "\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165 NFD", "ﬁ ligature ﬄ", "①②③ ⅣⅤ ½ ㎏", "ＦＵＬＬ ｗｉｄｔｈ １２３", "ｶﾀｶﾅ half width", "Straße STRASSE ẞ", "İstanbul ISPARTA ığdır", "ΣΊΣΥΦΟΣ Σίσυφος",
    "漢字かな交じり文。テスト、です。", "中文,标点。没有空格的句子", "中English文mixed字text", "𠀀𠮷野家", "㐀䶵", "豈更 compatibility",
    "العربية والإنجليزية together", "שלום עולם hello", "بِسْمِ ٱللَّٰهِ", "עִבְרִית מְנֻקֶּדֶת", "‏rtl mark‎", "ภาษาไทยไม่เว้นวรรค", "क्षत्रिय ज्ञान श्री", "நிறுத்தக்குறி", "မြန်မာစာ", "ខ្មែរ", "አማርኛ", "ᏣᎳᎩ", "𝕳𝖊𝖑𝖑𝖔 𝟙𝟚𝟛",
    "Z̸͓̈a̷͉͛l̴̰̕g̶̱̈o̵̬̚ text", "a\u0300\u0301\u0302\u0303\u0304\u0305", "\u0301 starts with a mark", "ệ ệ ệ",
    "https://example.org/a/b.html?q=caf%C3%A9&x=1#frag", "mail@example.org, ftp://host:21/~user/", "C:\\Users\\name\\file.txt", "/usr/lib/x86_64-linux-gnu/",
    "const f = (x) => x?.y ?? `${x}`;", "if (a<b && c>=d) { return !e; }", "SELECT * FROM t WHERE a = 'b' -- c", "<div class=\"x\">&amp; &lt;b&gt;</div>", "__init__.py snake_case camelCase kebab-case", "#include <stdio.h>",
    "3.14159 1,000,000 -42 1e-9 0xFF 50% $9.99 €5 £3 ¥100", "2026-11-23T20:45:00Z", "++ -- == != ===", "a_b^c~d`e|f", "{}[]()<>", "$1 + ^2 ~ 3 ` | \\", "—–‐‑ … “smart” ‘quotes’ «guillemets»", "™®© § ¶ † ‡ • ‣",
    "[SEP]", "[CLS]", "[PAD] [UNK] [MASK]", "before[SEP]after", "[sep] [ SEP ]", "</s>", "<s>", "<pad> <unk> <mask>", "before</s>after", "a <mask> b  <mask>c", "<S> </S>", "▁", "▁word ▁ ▁▁", "##ing ##", "@@ @-@",
    "x" * 99, "x" * 100, "x" * 101, "supercalifragilisticexpialidocious" * 8, "ab " * 40, "🙂" * 60, "漢" * 120, "!" * 150, "é" * 101, "1" * 300, "а" * 200,
]


def long_text(words: int, seed: int) -> str:
    """So many words of the plain texts, shuffled, in one paragraph."""
    chance = random.Random(seed)
    pool = " ".join(PLAIN).split()
    return " ".join(chance.choice(pool) for _ in range(words))
