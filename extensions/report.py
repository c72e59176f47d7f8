"""Write the tables and the page of all extensions, into reports/extensions/."""

from adversarial_nets.core import files
from adversarial_nets.core.errors import exit_status
from adversarial_nets.parameters.extensions import Extensions
from adversarial_nets.parameters.reading import read
from adversarial_nets.report.extensions import completion_chapter, conditional_chapter, page
from adversarial_nets.report.inference import few_labels_chapter, inference_chapter
from adversarial_nets.running import paths

CHAPTERS = conditional_chapter, inference_chapter, completion_chapter, few_labels_chapter  # as section 7 lists them


def report() -> None:
    asked = read(paths.EXTENSIONS, Extensions)
    parts = [chapter(asked) for chapter in CHAPTERS]
    for part in parts:
        files.write_csv(paths.EXTENSIONS_REPORT / f"{part.name}.csv", part.rows)
    files.write_text(paths.EXTENSIONS_PAGE, page(asked, parts))


if __name__ == "__main__":
    with exit_status():
        report()
