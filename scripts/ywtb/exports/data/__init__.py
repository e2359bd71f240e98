"""The tables of a month for analysts and other systems."""

from ywtb.exports.formats import Download, Format, Job

DOWNLOADS = (
    Download("data/数据.xlsx", "数据（工作簿）", "每张表一页，可筛选，列有名称；首页为字典"),
    Download(
        "data/datapackage.json",
        "数据文件说明",
        "data 文件夹内各 CSV 和 Parquet 的字段、类型和含义",
    ),
    Download("data/scores.json", "得分（JSON）", "供其他系统读取，格式见 scores.schema.json"),
)


def _write(job: Job) -> None:
    from ywtb.exports.data.tables import write_tables

    write_tables(job.connection, job.month, job.folder / "data")
    job.downloads.extend(DOWNLOADS)


FORMAT = Format(30, _write)
