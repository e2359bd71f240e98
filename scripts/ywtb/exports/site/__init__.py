"""The site of a month: static pages that open from a folder, a share or a web server alike.

There is no chart library and, but for the sorting of the rankings, no script. Measured: Altair and
vl-convert take 1.7 s to start and 0.15 s for every chart, or 0.9 MB of script in a page; a unit's
bar, curve or history is a handful of coordinates, which `drawing` computes in well under a
millisecond as SVG that the stylesheet colours, a row takes along when it is sorted, and paper
shows as the screen does.

The policy of every page admits nothing but the stylesheet beside it; the one script stands in the
page that needs it and is admitted by its SHA-256. `file:` names the stylesheet's place for browsers
to which `'self'` is nothing on a page opened from a disk.
"""

from ywtb.exports.formats import MANIFEST, Format, Job


def _write(job: Job) -> None:
    from ywtb.exports.site.pages import write_site

    downloads = [*job.downloads, MANIFEST]
    write_site(job.month, job.folder / "site", downloads, job.earlier, job.gained, job.wait)


FORMAT = Format(90, _write)
