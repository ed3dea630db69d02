"""Words for the codes of complaints, in English and 中文: one term for one thing, wherever a person reads it."""

from __future__ import annotations

from ..scans.words import Words

STATES: dict[str, Words] = {
    "received": ("received", "已收到"),
    "incomplete": ("incomplete", "待补充"),
    "forwarded": ("forwarded", "已转送"),
    "counter_notice": ("contested", "已反通知"),
    "clock_running": ("clock running", "恢复期计时中"),
    "put_back": ("put back", "已恢复"),
    "stays_down": ("stays down", "维持下架"),
    "decided": ("decided", "已决定"),
    "appealed": ("appealed", "申诉中"),
    "closed": ("closed", "已结案"),
    "withdrawn": ("withdrawn", "已撤回"),
    "inadmissible": ("not dealt with", "不予受理"),
    "repeated": ("repeated", "重复"),
}
STEPS: dict[str, Words] = {
    "file": ("notice filed", "提交通知"),
    "ask": ("asked for what is missing", "要求补充"),
    "complete": ("completed", "补充"),
    "repeat": ("repeats another case", "判定重复"),
    "refuse": ("not dealt with", "不予受理"),
    "forward": ("forwarded", "转送"),
    "uncontested": ("not contested in time", "逾期未反通知"),
    "counter": ("counter-notice", "反通知"),
    "start_clock": ("clock started", "开始计时"),
    "keep_down": ("legal action shown", "提交起诉或投诉证明"),
    "put_back": ("put back", "恢复"),
    "decide": ("decided", "作出决定"),
    "appeal": ("appealed", "申诉"),
    "decide_appeal": ("appeal decided", "申诉决定"),
    "close": ("closed", "结案"),
    "withdraw": ("withdrawn", "撤回"),
    "message": ("message", "消息"),
    "measure": ("measure", "处置措施"),
}
ACTORS: dict[str, Words] = {
    "notifier": ("notifier", "投诉人"),
    "poster": ("poster", "发布者"),
    "staff": ("staff", "审核人员"),
    "service": ("the service", "系统"),
}
CLOCKS: dict[str, Words] = {
    "completion": ("to be completed or confirmed by", "补充或确认期限"),
    "counter_notice": ("counter-notice by", "反通知期限"),
    "put_back": ("put back by", "恢复期限"),
    "appeal": ("appeal by", "申诉期限"),
    "decision": ("decision by", "决定期限"),
}
FINDINGS: dict[str, Words] = {
    "founded": ("founded", "成立"),
    "unfounded": ("not founded", "不成立"),
    "misuse": ("misuse", "滥用"),
}
OUTCOMES: dict[str, Words] = {
    "restrict": ("not shown", "不予展示"),
    "label": ("shown with a label", "加标展示"),
    "release": ("shown", "予以展示"),
}
# What a notice or a counter-notice may lack.
FIELDS: dict[str, Words] = {
    "name": ("name", "姓名或名称"),
    "email": ("e-mail address", "电子邮箱"),
    "postal_address": ("postal address", "通信地址"),
    "phone": ("telephone", "电话"),
    "identity": ("identity", "身份证明"),
    "signature": ("signature", "签名"),
    "explanation": ("explanation", "理由"),
    "work": ("the work", "作品"),
    "addresses": ("addresses of the posts", "帖子网址"),
    "evidence": ("evidence", "证据"),
    "good_faith": ("statement of good faith", "善意声明"),
    "accurate": ("statement of accuracy", "真实性声明"),
    "authorised": ("statement of authority", "权属声明"),
    "jurisdiction": ("consent to jurisdiction", "同意管辖声明"),
    "confirmation": ("confirmation of the mail address", "邮箱确认"),
}
