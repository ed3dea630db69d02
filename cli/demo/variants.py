"""Between simplified and traditional characters, one for one: good enough for a repost, not for an edition.

To simplified by the text fingerprint's own table; to traditional by a list of common characters whose traditional form
is nearly always the same one, the rest stay as they are.
"""

from __future__ import annotations

from fingerprints.unicode.folding import fold

_SIMPLIFIED = (
    "与业东丝两严个为丽举么义乐乔习乡书买于亏云亚产亲亿仅从仓仪们价众优会伞伟传伤伦伪侠侣侦侧债倾偿储儿兑党兰关兴养兽"
    "内册写军农冯决况冻净凉减几凤凭凯击划刚创别剂剑剧劝办务动励劲劳势区医华协单卖卢卫却厂厅历厉压县参双发变叙叶号后吓"
    "吗听启员呜咏响哑唤啰喷嘱团园围国图圆圣场坏块坚坛坝垒垦埘堕墙壮声壳壶处备复够头夹夺奋奖妆妇妈娱婴孙学宁宝实宠审宪"
    "宫宽宾对寻导寿将层岁岂岗岛岭币帅师帐帜带帮广庄庆庐库应废开异弃张弯弹强归当录彻径忆忧怀态怜总恋恒恶恼悬惊惧惨惭惯"
    "愿懒戏战户扑执扩扫扬扰抚抛抢护报担拟拥拦拨择挂挤挥损换据掳搁摄摆摊撑敌敛数斋断无旧时旷昼显晓晕暂术机杂权条来杨极"
    "构枪柜栀标栏树栖样桥桨梦检椭楼榄槛欢欧歼殴毁毕气汇汉汤沟没泪泻泽洁洒浅浆测济浓涂润涨渊渐渔温湾湿滞满滤潜澜灭灯灵"
    "灾灿炉点烂烦烧热焕爱爷牵牺犹狭狮猎猪猫献玛环现珑琼电畅疗痒皱盏盐监盖盘眬矫矿码砖础确碍祷祸禅离种稳穷窃窑窜窝竖竞"
    "笋笔筑签简粮紧纠红约级纪纯纲纳纵纷纸纹纺线练组细织终绍经绑绒结绕绘给络绝统继绩绪续绳维绵综绿缓编缘缝缩缴网罗罚翘"
    "耻聋职联聪肃肠肤肾肿胀胁胜胶脉脑脚脱脸腊腾舰舱艺节芦苍苏范茎荐荡荣荤荫药莱莲获营萧萨葱蒋蓝蔼虏虑虚虫虽虾蚀蚁蛮蝉"
    "衅衔补衬袭装裤见观视览计订认讨让训议记讲许论设访证评识诉诊词诗诚话诞询详语误说请诸读课谁调谈谊谋谓谜谢谣谦谨谱贝"
    "负贡财败账货质贫购贯贱贴贵贷贸费贺贾贿赁资赌赏赔赖赚赛赞赠赢赶趋跃践踪车轨转轮软轰轴轻载较辆辈辉辐辑输辖辩边辽达"
    "迁过运还这进远违连迟迹适选递逻遗遥邓邮邻郑酝释钓钟钢钥钩钮钱铁银铺链锁锅锋锐错锤锦键镇镑镜长门闪闭问闯闲间闷闸闹"
    "闻阀阁阅阔队阳阴阵阶陆陈险随隐隶难雏雾静韧韩页顶项顺须预领颇颈频颗题颜额风飘飞饥饭饮饰饱饼馆馈马驰驱驶驻驾驿骂骄"
    "验骑骗骚鱼鲁鲜鸟鸡鸣鸭鸽鹅鹰麦黄齐齿龄龙龟"
)
_TRADITIONAL = (
    "與業東絲兩嚴個為麗舉麼義樂喬習鄉書買於虧雲亞產親億僅從倉儀們價眾優會傘偉傳傷倫僞俠侶偵側債傾償儲兒兌黨蘭關興養獸"
    "內冊寫軍農馮決況凍淨涼減幾鳳憑凱擊劃剛創別劑劍劇勸辦務動勵勁勞勢區醫華協單賣盧衛卻廠廳歷厲壓縣參雙發變敘葉號後嚇"
    "嗎聽啟員嗚詠響啞喚囉噴囑團園圍國圖圓聖場壞塊堅壇壩壘墾塒墮牆壯聲殼壺處備復夠頭夾奪奮獎妝婦媽娛嬰孫學寧寶實寵審憲"
    "宮寬賓對尋導壽將層歲豈崗島嶺幣帥師帳幟帶幫廣莊慶廬庫應廢開異棄張彎彈強歸當錄徹徑憶憂懷態憐總戀恆惡惱懸驚懼慘慚慣"
    "願懶戲戰戶撲執擴掃揚擾撫拋搶護報擔擬擁攔撥擇掛擠揮損換據擄擱攝擺攤撐敵斂數齋斷無舊時曠晝顯曉暈暫術機雜權條來楊極"
    "構槍櫃梔標欄樹棲樣橋槳夢檢橢樓欖檻歡歐殲毆毀畢氣匯漢湯溝沒淚瀉澤潔灑淺漿測濟濃塗潤漲淵漸漁溫灣濕滯滿濾潛瀾滅燈靈"
    "災燦爐點爛煩燒熱煥愛爺牽犧猶狹獅獵豬貓獻瑪環現瓏瓊電暢療癢皺盞鹽監蓋盤矓矯礦碼磚礎確礙禱禍禪離種穩窮竊窯竄窩豎競"
    "筍筆築簽簡糧緊糾紅約級紀純綱納縱紛紙紋紡線練組細織終紹經綁絨結繞繪給絡絕統繼績緒續繩維綿綜綠緩編緣縫縮繳網羅罰翹"
    "恥聾職聯聰肅腸膚腎腫脹脅勝膠脈腦腳脫臉臘騰艦艙藝節蘆蒼蘇範莖薦蕩榮葷蔭藥萊蓮獲營蕭薩蔥蔣藍藹虜慮虛蟲雖蝦蝕蟻蠻蟬"
    "釁銜補襯襲裝褲見觀視覽計訂認討讓訓議記講許論設訪證評識訴診詞詩誠話誕詢詳語誤說請諸讀課誰調談誼謀謂謎謝謠謙謹譜貝"
    "負貢財敗賬貨質貧購貫賤貼貴貸貿費賀賈賄賃資賭賞賠賴賺賽贊贈贏趕趨躍踐蹤車軌轉輪軟轟軸輕載較輛輩輝輻輯輸轄辯邊遼達"
    "遷過運還這進遠違連遲跡適選遞邏遺遙鄧郵鄰鄭醞釋釣鐘鋼鑰鉤鈕錢鐵銀鋪鏈鎖鍋鋒銳錯錘錦鍵鎮鎊鏡長門閃閉問闖閒間悶閘鬧"
    "聞閥閣閱闊隊陽陰陣階陸陳險隨隱隸難雛霧靜韌韓頁頂項順須預領頗頸頻顆題顏額風飄飛飢飯飲飾飽餅館饋馬馳驅駛駐駕驛罵驕"
    "驗騎騙騷魚魯鮮鳥雞鳴鴨鴿鵝鷹麥黃齊齒齡龍龜"
)
_TO_TRADITIONAL = str.maketrans(_SIMPLIFIED, _TRADITIONAL)


def is_han(char: str) -> bool:
    """Whether a character is a common Han character (Unicode block CJK Unified Ideographs)."""
    return "\u4e00" <= char <= "\u9fff"


def to_simplified(text: str) -> str:
    """Every traditional character as its simplified form; all else unchanged, the length too."""
    forms = {ord(char): fold(char) for char in set(text) if is_han(char)}
    return text.translate({code: form for code, form in forms.items() if len(form) == 1})


def to_traditional(text: str) -> str:
    """Common simplified characters as their traditional form; all else unchanged, the length too."""
    return text.translate(_TO_TRADITIONAL)
