"""Words for the codes of a scan, in English and 中文: one term for one thing, wherever a person reads it."""

from __future__ import annotations

Words = tuple[str, str]

VERDICTS: dict[str, Words] = {
    "clear": ("clear", "无匹配"),
    "own": ("own work", "本人作品"),
    "licensed": ("licensed", "已获许可"),
    "credited": ("credited", "已署名"),
    "uncredited": ("uncredited", "未规范署名"),
    "review": ("review", "待人工核对"),
}

ACTIONS: dict[str, Words] = {
    "allow": ("allow", "放行"),
    "label": ("label", "提示补充标注"),
    "ask-for-credit": ("ask for credit", "要求署名"),
    "hold": ("hold for a person", "转人工"),
    "block": ("block", "拦截"),
}

MARKINGS: dict[str, Words] = {
    "compliant": ("compliant", "标注合规"),
    "partial": ("partial", "标注不全"),
    "missing": ("missing", "没有标注"),
    "wrong_owner": ("wrong owner", "标注了他人"),
    "misleading": ("misleading", "标注误导"),
}

# What people and rules decide about a post.
DECISIONS: dict[str, Words] = {
    "release": ("released", "放行"),
    "label": ("labelled", "加标"),
    "restrict": ("restricted", "限制"),
    "ask-for-credit": ("credit asked for", "要求署名"),
    "hold": ("held", "暂扣"),
    "escalate": ("passed on", "上报"),
    "withdrawn": ("taken back", "撤销"),
}

# Kinds of accounts.
KINDS: dict[str, Words] = {
    "producer": ("producer", "创作者"),
    "platform": ("platform", "平台"),
    "rights_holder": ("rights holder", "权利人"),
    "administrator": ("administrator", "管理员"),
}

REUSES: dict[str, Words] = {
    "verbatim": ("word for word", "逐字"),
    "excerpt": ("an excerpt", "摘录"),
    "stitched": ("one of several sources", "多来源拼接"),
    "edited": ("edited", "改动"),
    "rewritten": ("rewritten", "改写"),
    "code": ("an equal code listing", "代码相同"),
}

MEDIA: dict[str, Words] = {
    "text": ("text", "文字"),
    "image": ("image", "图片"),
    "audio": ("audio", "音频"),
    "video": ("video", "视频"),
    "sealed": ("sealed", "已封存"),
}

DECIDED: dict[str, Words] = {
    "counts": ("this claim counts", "以此主张为准"),
    "rejected": ("another claim counts", "以他人主张为准"),
    "split": ("this part is not exclusively the owner's", "此部分非著作权人独占"),
}

FLAGS: dict[str, Words] = {
    "news_without_licence": ("news, and no licence of the account is recorded", "涉新闻内容，账号无有效新闻许可记录"),
}

PLACES: dict[str, Words] = {
    "text": ("text", "正文"),
    "html": ("html", "网页"),
    "caption": ("caption", "配文"),
    "title": ("title", "标题"),
}
