"""The programs of others that the page uses are those of their packages, and have their licences with them."""

from tests.web.vendored import CHECKSUMS, FOLDER, PACKAGES, README, checksums


def test_each_file_is_that_of_its_package() -> None:
    """The checksums were written when the packages had been fetched from npm."""
    assert checksums() == CHECKSUMS.read_text()


def test_the_list_of_packages_is_complete() -> None:
    listed = (FOLDER / README).read_text()
    for package in PACKAGES:
        assert f"| {package.name} {package.version} |" in listed
        assert any("LICENSE" in name for name in package.files)
    files = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file()} - {README}
    taken = [name for package in PACKAGES for name in package.files]
    assert {file for file in files if not any(file == name or file.startswith(f"{name}/") for name in taken)} == set()
    assert {name for name in taken if not (FOLDER / name).exists()} == set()
