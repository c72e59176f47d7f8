"""Write the tables and the page of all extensions, into reports/extensions/."""

from adversarial_nets.core import files
from adversarial_nets.core.errors import exit_status
from adversarial_nets.parameters.extensions import Extensions
from adversarial_nets.parameters.reading import read
from adversarial_nets.report.section_7 import beside, chapters, findings, page
from adversarial_nets.running import paths


def report() -> None:
    asked = read(paths.EXTENSIONS, Extensions)
    parts = chapters(asked)
    for part in parts:
        files.write_csv(paths.EXTENSIONS_REPORT / f"{part.name}.csv", part.rows)
    files.write_csv(paths.EXTENSIONS_FINDINGS, findings(parts))
    files.write_text(paths.EXTENSIONS_PAGE, page(asked, parts, beside(asked.experiment)))


if __name__ == "__main__":
    with exit_status():
        report()
