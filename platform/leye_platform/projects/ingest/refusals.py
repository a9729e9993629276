"""Why a file is refused whole, and why a single row is."""

from leye_platform.errors import N_, Refused


class FileRefused(Refused):
    """Nothing of the file was taken; the sentence says what to change. Base of the named cases."""

    sentence = N_("文件“{name}”读不了。请换成 CSV、JSON、JSONL 或 .xlsx，再上传一次。")


class FileEmpty(FileRefused):
    """No byte, or only white space."""

    sentence = N_("文件“{name}”是空的。请检查导出的内容，再上传一次。")


class FileWithoutRows(FileRefused):
    """A header or brackets, and nothing in them."""

    sentence = N_("文件“{name}”里一行数据也没有。请检查导出的内容，再上传一次。")


class FileInUtf16(FileRefused):
    """UTF-16 or UTF-32, as some spreadsheets save "Unicode text"."""

    sentence = N_("文件“{name}”是 UTF-16 或 UTF-32 编码。请另存为“CSV UTF-8”，再上传一次。")


class FileNotText(FileRefused):
    """A workbook, an archive or another binary format."""

    sentence = N_("文件“{name}”是 {kind}，不是能读的表。请另存为 CSV UTF-8、JSONL 或 .xlsx，再上传一次。")


class WorkbookBroken(FileRefused):
    """A workbook that was cut off, is not one inside, or has a password."""

    sentence = N_("Excel 工作簿“{name}”打不开：没有传完、坏了，或者加了密码。请另存一份不加密码的，再上传一次。")


class ParquetBroken(FileRefused):
    """A Parquet file without its end, where its list of contents stands."""

    sentence = N_("Parquet 文件“{name}”打不开，多半没有传完。请重新导出，再上传一次。")


class GzipBroken(FileRefused):
    """A gzip that was cut off, or damaged."""

    sentence = N_("gzip 压缩包“{name}”解不到底：没有传完，或者坏了。请重新打包，再上传一次。")


class UnpacksTooFar(FileRefused):
    """What would fill any disk or memory, from a small file."""

    sentence = N_("文件“{name}”解开后超过 {megabytes} MB，太大了。请分成几个文件，或者改用 JSONL，再上传一次。")


class TooManyRows(FileRefused):
    sentence = N_("文件“{name}”有 {rows} 行，最多 {limit} 行。请分成几个批次上传。")


class PackedAgain(FileRefused):
    """A workbook or a Parquet file inside a gzip: both are packed already."""

    sentence = N_("gzip 压缩包“{name}”里不是文本。请解开后直接上传里面的文件。")


class EncodingUnknown(FileRefused):
    """Neither UTF-8 nor GB18030 nor Big5."""

    sentence = N_("文件“{name}”的编码不是 UTF-8、GBK，也不是 Big5，第 {line} 行读不出来。请另存为 UTF-8，再上传一次。")


class HeaderRefused(FileRefused):
    """Base of what can be wrong with a CSV's first row."""


class HeaderTooLong(HeaderRefused):
    sentence = N_("文件“{name}”的第一行太长，或者引号没有合上。第一行应当是列名。")


class ColumnWithoutName(HeaderRefused):
    sentence = N_("文件“{name}”的第 {column} 列没有列名。请在第一行补上列名，再上传一次。")


class ColumnTwice(HeaderRefused):
    sentence = N_("文件“{name}”有两列都叫“{column}”。请改成不同的列名，再上传一次。")


class ColumnMissing(HeaderRefused):
    sentence = N_("文件“{name}”缺少列“{columns}”。第一行是列名，现在有：{found}。")


class ArrayBroken(FileRefused):
    """A JSON array can't be read past its first fault, so that nothing of it is taken."""

    sentence = N_("文件“{name}”不是完整的 JSON 数组：第 {row} 条附近格式不对。请修正后再上传，或者改用 JSONL。")


class ArrayNotUtf8(FileRefused):
    sentence = N_("JSON 文件“{name}”不是 UTF-8 编码。请另存为 UTF-8，再上传一次。")


class ArrayWanted(FileRefused):
    sentence = N_("文件“{name}”应当是 JSON 数组（以 [ 开头），或者每行一个对象的 JSONL。")


class ArchiveBroken(FileRefused):
    """A zip whose list of contents can't be read: mostly one that was cut off."""

    sentence = N_("压缩包“{name}”打不开，多半没有传完。请重新打包，再上传一次。")


class ArchiveTooFull(FileRefused):
    sentence = N_("压缩包“{name}”里有 {count} 个文件，最多 {limit} 个。请分成几个批次上传。")


class ManifestBroken(FileRefused):
    sentence = N_("清单“{name}”读不出来。请重新打包，再上传一次。")


class ArchiveWanted(FileRefused):
    """A table or a single picture for a project whose items are pictures."""

    sentence = N_("这个项目要的是图片。请把图片（可以带一份 manifest.csv）打成一个 zip，再上传一次。")


class BucketRefusal(FileRefused):
    """Base of what can be wrong with a partner's bucket."""


class BucketRefused(BucketRefusal):
    """The bucket's server says no, and would say so again."""

    sentence = N_("桶里的“{name}”读不了，对方回答 {code}。请检查桶名、密钥和读取权限，再新建一个批次。")


class BucketInside(BucketRefusal):
    """A host whose address lies in the platform's own network."""

    sentence = N_("“{host}”是内部网络的地址，不能从那里读。请给一个公网地址，或者请管理员放行。")


class BucketEmpty(BucketRefusal):
    sentence = N_("“{name}”下面一个文件也没有。请检查桶名和前缀，再新建一个批次。")


class BucketTooFull(BucketRefusal):
    sentence = N_("“{name}”下面的文件超过 {limit} 个。请用更长的前缀，分成几个批次。")


class BucketChanged(BucketRefusal):
    """An object is another than when the batch began to be read, or is gone."""

    sentence = N_("“{name}”在读的时候被换掉或者删除了，从那里起没有再读；已经收下的不受影响。请把其余的另建一个批次。")


class NoRowTaken(FileRefused):
    """Every row had a problem."""

    sentence = N_("{rows} 行全都有问题，一行也没有收下。请看错误行的说明，改好后再上传一次。")


STOPPED_CLOSED = N_(
    "读到一半，批次结束了，后面的没有读。已经加入的 {rows} 条还在批次里。"
    "要加上其余的，请先请项目经理重新开放，再传一次这个文件；有编号的行不会加两次。"
)
STOPPED_CANCELLED = N_(
    "读到一半，批次取消了，后面的没有读。已经加入的 {rows} 条和批次一起取消。要做这些数据，请上传成新批次。"
)
TOO_LONG = N_("这一行超过 {limit} 字节，太长了")
NOT_DECODED = N_("这一行的文字编码读不出来，请存为 UTF-8")
READS_NO_FURTHER = N_("文件从这里起读不出来，后面的行都没有收下；前面的行不受影响。请重新导出后面的部分，再追加上传")
NUL = N_("有不能显示的空字符（NUL），请删掉")
NOT_FINITE = N_("“{field}”不是有限的数：JSON 里不能写 NaN 或 Infinity")
NUMBER_TOO_LARGE = N_("“{field}”的数太大，请写成文字")
BROKEN_CHARACTER = N_("“{field}”里有半个字符（单独的 UTF-16 代理），请重新导出")
TOO_DEEP = N_("“{field}”嵌套太深")
BROKEN_JSON = N_("JSON 格式不对，第 {column} 个字符附近")
NOT_AN_OBJECT = N_("要的是一个对象 {{…}}，这里不是")
RAGGED = N_("这一行有 {found} 列，表头有 {wanted} 列")
OPEN_QUOTE = N_("引号没有成对，这一行读不出来")
ID_KIND = N_("external_id 要是文字或整数")
ID_TOO_LONG = N_("external_id 超过 {limit} 个字符")
ID_TWICE = N_("external_id“{external_id}”与第 {row} 行重复")
ID_OTHER = N_(
    "external_id“{external_id}”已经在这个批次里，内容和这一行不一样。批次里的不变；这一行要做，请换一个 external_id"
)
ID_OTHER_GOLD = N_("external_id“{external_id}”已经在这个批次里，gold_answer 和这一行不一样。批次里的不变")
ANSWERS_TO_PARTS = N_("这一行要分成几部分来做，带来的答案分不到各部分。请去掉 annotations，或者在项目里改成不拆分")
GOLD_KIND = N_("gold_answer 要是一个选项名，或者选项名的列表")
GOLD_UNKNOWN = N_("gold_answer“{answer}”不是项目里的选项")
GOLD_REFUSED = N_("gold_answer 用不了：{problem}")
GOLD_ONE = N_("gold_answer 只能有一个选项，这里有 {count} 个")
MEMBER_BROKEN = N_("这个文件在压缩包里已经损坏，请重新打包")
ENCRYPTED = N_("这个文件加了密码，请打成不加密码的 zip")
CHANGED_IN_BUCKET = N_("这个文件在桶里被换掉了，和开始读的时候不一样，没有收下")
GONE_FROM_BUCKET = N_("这个文件已经不在桶里，没有收下")
KEPT_BY_BUCKET = N_("桶不让读这个文件（{code}），请检查读取权限")
KEY_TOO_LONG = N_("文件在桶里的路径超过 300 个字符，请改短")
LINK = N_("这是一个链接，不是文件本身，请把图片本身打包")
PACKED_AGAIN = N_("这是压缩包里的压缩包，请解开后把图片直接打包")
NAME_LEADS_OUT = N_("文件名不能用：里面有“..”、盘符或看不见的字符，请改名")
NAME_TWICE = N_("压缩包里有两个同名的文件，请改名")
NAME_CASE = N_("文件名和“{found}”只差大小写，分不清，请改名")
NOT_IN_MANIFEST = N_("压缩包里有“{name}”，但 manifest.csv 没有写到")
NOT_PACKED = N_("图片要放在 zip 里一起上传，这里只有文字")
