"""Why a picture is refused. The sentences stand in the error report beside the row's number."""

from leye_platform.errors import N_

LARGEST_PICTURE = 50_000_000  # bytes of one file
LONGEST_SIDE = 16_384  # pixels
MOST_PIXELS = 64_000_000


class PictureRefused(Exception):
    """The picture can't be worked on; the text says why and what to change."""

    def __init__(self, sentence: str, **arguments: object) -> None:
        super().__init__(sentence.format(**arguments))


class NoRoom(PictureRefused):
    """The firm's storage is full: nothing is wrong with the picture, which comes in once there is room."""


NO_ROOM = N_("存储空间不够：已用 {used}，上限 {limit}，还剩 {free}。腾出空间以后，请在批次页按“接着读”")
NOT_IN_ARCHIVE = N_("压缩包里没有“{name}”这个文件，请检查文件名")
OTHER_CASE = N_("压缩包里没有“{name}”，只有大小写不同的“{found}”，请改成一样的")
EMPTY = N_("图片文件是空的")
TOO_HEAVY = N_("图片文件有 {megabytes} MB，最多 {limit} MB，请压缩后再传")
TOO_LONG = N_("图片最长边有 {side} 像素，最多 {limit} 像素，请切成几张")
TOO_MANY_PIXELS = N_("图片有 {millions} 百万像素，最多 {limit} 百万，请缩小后再传")
NOT_A_PICTURE = N_("不是能用的图片，请存成 JPEG、PNG、WebP、BMP 或静止的 GIF")
IS_ANOTHER_KIND = N_("内容是 {kind}，不是能用的图片，请存成 JPEG 或 PNG")
ANIMATED = N_("是动图，有 {frames} 帧，请取出一帧，存成 PNG 或 JPEG")
BROKEN = N_("图片读不到底，文件不完整或者中间坏了，请重新导出再传")
GAP = N_("图片中间有一段空白（{count} 个零字节），多半是没有传完，请重新导出再传")
