#!/usr/bin/env python3
"""Prints the licences of what is in the programs, from the sources that Bazel fetched.

    licences.py SBOM EXTERNAL

SBOM is the bill of materials (third_party/sbom.bzl), EXTERNAL the folder "external" of
Bazel's output base. Fails if a library has no file with its licence.
"""

import json
import pathlib
import sys

# SQLite is in the public domain, and has no file that says so.
WITHOUT_A_NOTICE = {'blessing'}
NAMES = ('LICENSE', 'LICENSE.txt', 'LICENSE.MIT', 'LICENSE.md', 'COPYING')


def main():
    with open(sys.argv[1], encoding='utf-8') as file:
        sbom = json.load(file)
    packages = {package['SPDXID']: package for package in sbom['packages']}
    for relationship in sbom['relationships']:
        if relationship['relationshipType'] not in ('STATIC_LINK', 'CONTAINS'):
            continue
        identifier = relationship['relatedSpdxElement']
        package = packages[identifier]
        if package['licenseDeclared'] in WITHOUT_A_NOTICE:
            continue
        repository = identifier.removeprefix('SPDXRef-Package-').replace('-', '_')
        folder = pathlib.Path(sys.argv[2], repository)
        texts = [folder / name for name in NAMES if (folder / name).is_file()]
        if not texts:
            sys.exit(f'{folder} has none of {", ".join(NAMES)}')
        rule = '=' * 78
        print(f"{rule}\n{package['name']} {package['versionInfo']}: {package['licenseDeclared']}\n{rule}\n")
        print(texts[0].read_text(encoding='utf-8').strip('\n') + '\n')


if __name__ == '__main__':
    main()
