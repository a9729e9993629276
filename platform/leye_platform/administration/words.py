"""Jobs and deeds in words. What has none yet is shown by its own name."""

from leye_platform.errors import N_
from leye_platform.gold.rules import RETIRED_WORDS
from leye_platform.notices.rules import DeliveryState
from leye_platform.outbox import JobName
from leye_platform.projects.rules import PaidWork
from leye_platform.retention.words import RULE_WORDS
from leye_platform.review.pages import VERDICT_WORDS
from leye_platform.review.rules import REASON_WORDS
from leye_platform.teams.flag_pages import OUTCOME_WORDS
from leye_platform.web.pages import ROLE_WORDS

JOB_WORDS: dict[str, str] = {
    JobName.INGEST_BATCH: N_("读入批次"),
    JobName.INGEST_ADDITION: N_("读入追加的文件"),
    JobName.READ_ON: N_("接着读因空间不够没收下的行"),
    JobName.REFIT_SKILLS: N_("重算技能水平"),
    JobName.ASSEMBLE_LOT: N_("组成交付批"),
    JobName.DELIVER_LOT: N_("制作交付文件"),
    JobName.COUNT_LOT: N_("重新统计质量报告"),
    JobName.ISSUE_INVOICE: N_("开账单"),
    JobName.SEND_MAIL: N_("发邮件"),
    JobName.WRITE_EXPORT: N_("写导出文件"),
    JobName.SEND_WEBHOOK: N_("往推送地址发消息"),
    JobName.SWEEP_STORE: N_("清理没有用到的文件"),
    JobName.ERASE_BATCH: N_("删除批次数据"),
    JobName.RENEW_GOLD: N_("补充标准题"),
}
LOST_WORDS: dict[str, str] = {
    DeliveryState.REFUSED: N_("对方没有收"),
    DeliveryState.UNSURE: N_("说不准有没有寄到"),
}
PART_WORDS: dict[str, str] = {"schema": N_("数据库"), "storage": N_("文件存储")}
ACTION_WORDS: dict[str, str] = {
    "person.add": N_("建账号"),
    "person.left": N_("标为已离开"),
    "person.active": N_("恢复账号"),
    "role.add": N_("加角色"),
    "role.remove": N_("去掉角色"),
    "password.change": N_("换自己的密码"),
    "password.reset": N_("重设别人的密码"),
    "password.set": N_("在服务器上设密码"),
    "token.new": N_("建访问令牌"),
    "token.revoke": N_("撤销访问令牌"),
    "organisation.create": N_("建单位"),
    "team.create": N_("建小组"),
    "team.leader": N_("换组长"),
    "team.join": N_("进小组"),
    "team.leave": N_("离开小组"),
    "flag.settle": N_("看过一个人的答案"),
    "job.retry": N_("重试后台任务"),
    "project.create": N_("建项目"),
    "project.change": N_("改项目"),
    "project.put_away": N_("收起项目"),
    "project.guide": N_("写新一版标注规范"),
    "guide.answer": N_("答标注规范的提问"),
    "project.price": N_("定单价"),
    "project.pay": N_("定报酬"),
    "project.class_names": N_("定交付里的标签名"),
    "project.splitting": N_("改大图和长文怎么分开"),
    "project.proposals": N_("改标注员看不看机器先标的结果"),
    "project.weight": N_("定项目得到多少人手"),
    "batch.priority": N_("定批次有多急"),
    "reservation.set": N_("留给一个小组"),
    "reservation.lift": N_("不再留给小组"),
    "upload.begin": N_("开始上传文件"),
    "upload.complete": N_("传完文件"),
    "upload.aborted": N_("放弃上传"),
    "batch.create": N_("建批次"),
    "batch.ingest": N_("读入批次"),
    "batch.ingest_again": N_("接着读批次"),
    "batch.read_on": N_("接着读因空间不够没收下的行"),
    "batch.retention": N_("定批次的数据留多久"),
    "batch.retention_notice": N_("预告批次数据的删除日期"),
    "batch.hold": N_("规定批次数据不得删除"),
    "batch.hold_lift": N_("解除批次数据的保留令"),
    "project.retention": N_("定项目的数据留多久"),
    "organisation.storage": N_("改单位的存储上限"),
    "erasure.ask": N_("要求删除批次数据"),
    "erasure.done": N_("批次数据删完，出了证明"),
    "batch.append": N_("追加文件"),
    "batch.append_ingest": N_("读入追加的文件"),
    "batch.append_ingest_again": N_("接着读追加的文件"),
    "batch.open": N_("开始批次"),
    "batch.closed": N_("结束批次"),
    "batch.paused": N_("暂停批次"),
    "batch.cancelled": N_("取消批次"),
    "batch.withdraw_items": N_("撤回条目"),
    "lot.assembling": N_("组成交付批"),
    "lot.delivered": N_("交付"),
    "lot.accepted": N_("验收交付批"),
    "lot.invoiced": N_("开账单"),
    "lot.rework": N_("退回整批"),
    "lot.send_back_items": N_("退回条目"),
    "export.ask": N_("导出标注"),
    "webhook.add": N_("加推送地址"),
    "webhook.end": N_("停用推送地址"),
    "webhook.renew": N_("换推送地址的密钥"),
    "webhook.again": N_("再发一次消息"),
    "review.settle": N_("质检决定"),
    "answer.correct": N_("更正答案"),
    "gold.confirm": N_("确认标准题"),
    "gold.retire": N_("停用标准题"),
    "gold.renew": N_("从定下的条目里补充标准题"),
    "gold.take_out": N_("停用补充的标准题"),
}
DETAIL_WORDS: dict[str, str] = {
    PaidWork.ANNOTATE.value: N_("一份答案"),
    PaidWork.REVIEW.value: N_("一条质检"),
    **{rule.value: words for rule, words in RULE_WORDS.items()},
    **{role.value: words for role, words in ROLE_WORDS.items()},
    **{verdict.value: words for verdict, words in VERDICT_WORDS.items()},
    **{reason.value: words for reason, words in REASON_WORDS.items()},
    **{outcome.value: words for outcome, words in OUTCOME_WORDS.items()},
    **{reason.value: words for reason, words in RETIRED_WORDS.items()},
}
"""What a record's detail says in a word of the program."""
