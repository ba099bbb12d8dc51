"""The table of archives.bzl as a bill of materials in SPDX 2.3, as JSON.

https://spdx.github.io/spdx-spec/v2.3/ has the format. The part of a library in the
release is `role` of its row:

  "linked"     compiled into a program (the default)
  "contained"  its files are in a program as they are
  "build"      used by builds, and in no program: rules, compilers, compressors
  "test"       only in tests and benchmarks

OpenSSL, the one library of the operating system, is listed without a version.
"""

load("//tools/stamp:stamped_file.bzl", "stamped_file")
load(":archives.bzl", "ARCHIVES")

_PROGRAM = "SPDXRef-Package-tallyman"

# The relationship of a library to the program, or of the program to the library
# where it is the program that depends: (type, the library comes first).
_RELATIONSHIPS = {
    "build": ("BUILD_DEPENDENCY_OF", True),
    "contained": ("CONTAINS", False),
    "linked": ("STATIC_LINK", False),
    "test": ("TEST_DEPENDENCY_OF", True),
}

def _identifier(name):
    # Letters, digits, "." and "-".
    return "SPDXRef-Package-" + name.replace("_", "-")

def _package_url(row):
    """The purl of a row; "" if its address does not give one."""
    npm = getattr(row, "npm", "")
    if npm and not row.url:
        name, _, version = npm.rpartition("@")
        return "pkg:npm/%s@%s" % (name.replace("@", "%40"), version)
    parts = row.url.split("/")
    if len(parts) > 5 and parts[2] == "github.com":
        return "pkg:github/%s/%s@%s" % (parts[3].lower(), parts[4].lower(), row.version)
    return ""

def _package(name, row):
    package = {
        "SPDXID": _identifier(name),
        "checksums": [{"algorithm": "SHA256", "checksumValue": row.sha256}],
        "comment": "for " + row.purpose,
        "copyrightText": "NOASSERTION",
        # The purl names a package of npm.
        "downloadLocation": row.url or "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": row.licence,
        "licenseDeclared": row.licence,
        "name": row.title,
        "versionInfo": row.version,
    }
    url = _package_url(row)
    if url:
        package["externalRefs"] = [{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceLocator": url,
            "referenceType": "purl",
        }]
    return package

def _relationship(name, row):
    role = getattr(row, "role", "linked")
    if role not in _RELATIONSHIPS:
        fail("archives.bzl: %s has the role %r; there are %s" % (
            name,
            role,
            ", ".join(sorted(_RELATIONSHIPS.keys())),
        ))
    kind, library_first = _RELATIONSHIPS[role]
    library = _identifier(name)
    return {
        "relatedSpdxElement": _PROGRAM if library_first else library,
        "relationshipType": kind,
        "spdxElementId": library if library_first else _PROGRAM,
    }

def _document(version):
    program = {
        "SPDXID": _PROGRAM,
        "comment": "the programs server and tally",
        "copyrightText": "NOASSERTION",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "Apache-2.0",
        "licenseDeclared": "Apache-2.0",
        "name": "tallyman",
        "primaryPackagePurpose": "APPLICATION",
        "sourceInfo": "commit @COMMIT@",
        "versionInfo": version,
    }
    openssl = {
        "SPDXID": _identifier("openssl"),
        "comment": "for TLS and hashes; the operating system's, of the version that it has",
        "copyrightText": "NOASSERTION",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "Apache-2.0",
        "licenseDeclared": "Apache-2.0",
        "name": "OpenSSL",
    }
    relationships = [
        {
            "relatedSpdxElement": _PROGRAM,
            "relationshipType": "DESCRIBES",
            "spdxElementId": "SPDXRef-DOCUMENT",
        },
        {
            "relatedSpdxElement": _identifier("openssl"),
            "relationshipType": "DYNAMIC_LINK",
            "spdxElementId": _PROGRAM,
        },
    ]
    rows = sorted(ARCHIVES.items())
    return {
        "SPDXID": "SPDXRef-DOCUMENT",
        "creationInfo": {
            # The time of the commit, so that a release can be made again.
            "created": "@TIME@",
            "creators": ["Tool: tallyman/third_party/sbom.bzl"],
        },
        "dataLicense": "CC0-1.0",
        "documentNamespace": "https://spdx.org/spdxdocs/tallyman-%s-@COMMIT@" % version,
        "name": "tallyman-" + version,
        "packages": [program, openssl] + [_package(name, row) for name, row in rows],
        "relationships": relationships + [_relationship(name, row) for name, row in rows],
        "spdxVersion": "SPDX-2.3",
    }

def sbom(name, out, version, **kwargs):
    """Writes the bill of materials to the file `out`.

    Args:
      name: of the target.
      out: name of the file.
      version: of Tallyman.
      **kwargs: as in stamped_file(). A build that is not stamped has the commit
        "unknown" of 1970.
    """
    stamped_file(
        name = name,
        out = out,
        content = json.encode_indent(_document(version), indent = "  ") + "\n",
        unstamped = {
            "COMMIT": "unknown",
            "TIME": "1970-01-01T00:00:00Z",
        },
        **kwargs
    )

def licence_list(name, out, **kwargs):
    """Writes the libraries that the programs contain to `out`, a line each: the
    title, the version and the licence, indented and with commas between them.

    Args:
      name: of the target.
      out: name of the file.
      **kwargs: as in every rule.
    """
    rows = [
        row
        for _, row in sorted(ARCHIVES.items())
        if getattr(row, "role", "linked") in ["linked", "contained"]
    ]
    stamped_file(
        name = name,
        out = out,
        content = "".join([
            "  %s, %s, %s\n" % (row.title, row.version, row.licence)
            for row in rows
        ]),
        unstamped = {},
        **kwargs
    )
