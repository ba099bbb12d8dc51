#!/usr/bin/env python3
"""Writes a registry of Bazel modules from third_party/archives.bzl.

    registry.py WORKSPACE FOLDER

FOLDER becomes a registry for `--registry=file://FOLDER`, in the format of
https://bazel.build/external/registry: each library of the table that has a module
in the Bazel Central Registry, and our BUILD file over it. Archives are taken from
TALLYMAN_ARCHIVES or the user's cache, and fetched into that cache, with the same
hashes as by third_party/release_archive.bzl. Archives that are no modules are
fetched too, except Zig: Bazel finds them in the cache.
"""

import base64
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import types

# Named by the libraries' own BUILD files, where there is none of ours.
COMMON_DEPS = ["bazel_skylib", "platforms", "rules_cc"]


def load_tables(workspace):
    """Returns the tables of archives.bzl, which are Python too."""
    tables = {"struct": lambda **fields: types.SimpleNamespace(**fields)}
    source = (workspace / "third_party/archives.bzl").read_text()
    exec(compile(source, "archives.bzl", "exec"), tables)
    return tables["ARCHIVES"], tables["MODULES"]


def main_file_name(row):
    """The name of the archive's file, as release_archive.bzl has it."""
    if row.url:
        return row.url.split("/")[-1]
    # As npm pack names it.
    return row.npm.lstrip("@").replace("/", "-").replace("@", "-") + ".tgz"


def integrity(digest):
    return "sha256-" + base64.b64encode(digest).decode()


class Archives:
    """Finds and fetches archives, like release_archive.bzl."""

    def __init__(self, workspace):
        self.script = workspace / "third_party/fetch_archive.sh"
        cache = os.environ.get("XDG_CACHE_HOME") or os.environ["HOME"] + "/.cache"
        self.cache = pathlib.Path(cache) / "tallyman/archives"
        self.folders = [self.cache]
        if os.environ.get("TALLYMAN_ARCHIVES"):
            self.folders.insert(0, pathlib.Path(os.environ["TALLYMAN_ARCHIVES"]))

    def find(self, row):
        """Returns path, SHA-256 and top folder of the archive of a row."""
        candidates = [(main_file_name(row), row.sha256, row.strip_prefix)]
        if row.strip_prefix:
            candidates.append((row.strip_prefix + ".tar.gz", row.sha256, row.strip_prefix))
        if hasattr(row, "debian"):
            name = row.debian.split("/")[-1]
            candidates.append((name, row.debian_sha256, row.debian_strip_prefix))
        for folder in self.folders:
            for name, sha256, prefix in candidates:
                path = folder / name
                if not path.is_file():
                    continue
                reason = self._run("check", path, sha256)
                if reason is None:
                    return path, sha256, prefix
                if folder != self.cache:
                    # The operator chose the folder: report, do not fall back.
                    sys.exit(f"{path} of TALLYMAN_ARCHIVES: {reason}")
        return self._fetch(row)

    def _fetch(self, row):
        reasons = []
        if hasattr(row, "debian"):
            path = self.cache / row.debian.split("/")[-1]
            reason = self._run("debian", row.debian, row.debian_sha256, path)
            if reason is None:
                return path, row.debian_sha256, row.debian_strip_prefix
            reasons.append("Debian's archive: " + reason)
        if hasattr(row, "npm"):
            name = row.npm_member.split("/")[-1] or main_file_name(row)
            path = self.cache / name
            reason = self._run("npm", row.npm, row.npm_member, row.sha256, path)
            if reason is None:
                return path, row.sha256, row.strip_prefix
            reasons.append("npm: " + reason)
        sys.exit(
            f"{row.title} {row.version} could not be fetched "
            f"({'; '.join(reasons)}); put {main_file_name(row)} into a folder and set "
            "TALLYMAN_ARCHIVES to it"
        )

    def _run(self, *arguments):
        """Runs fetch_archive.sh. Returns None, or the reason for its failure."""
        command = ["bash", self.script, *arguments]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode == 0:
            return None
        return (result.stderr.strip().split("\n") or [""])[-1]


def module_text(row, names, rows):
    """MODULE.bazel of a library that names these repositories."""
    text = f'module(name = "{row.module}", version = "{row.version}")\n'
    for name in sorted(names):
        module = rows[name].module or name
        version = rows[name].version
        text += (
            f'bazel_dep(name = "{module}", version = "{version}", repo_name = "{name}")\n'
        )
    return text


def write_module(folder, row, build_file, text, archive):
    overlay = {"MODULE.bazel": text}
    if build_file:
        overlay["BUILD.bazel"] = build_file
    folder = folder / "modules" / row.module / row.version
    (folder / "overlay").mkdir(parents=True)
    hashes = {}
    for name, content in overlay.items():
        (folder / "overlay" / name).write_text(content)
        hashes[name] = integrity(hashlib.sha256(content.encode()).digest())
    (folder / "MODULE.bazel").write_text(text)
    path, sha256, strip_prefix = archive
    source = {
        "url": path.resolve().as_uri(),
        "integrity": integrity(bytes.fromhex(sha256)),
        "strip_prefix": strip_prefix,
        "overlay": hashes,
    }
    (folder / "source.json").write_text(json.dumps(source, indent=2) + "\n")


def main(workspace, folder):
    rows, modules = load_tables(workspace)
    archives = Archives(workspace)
    folder.mkdir(parents=True)
    (folder / "bazel_registry.json").write_text("{}\n")
    for key, row in rows.items():
        if not hasattr(row, "module"):
            # Zig is large, and only builds for macOS need it.
            if key != "zig":
                archives.find(row)
            continue
        if key in COMMON_DEPS:
            # Bazel's package brings these.
            continue
        build_file = ""
        names = set(COMMON_DEPS)
        if hasattr(row, "build_file"):
            build_file = (workspace / row.build_file[2:].replace(":", "/")).read_text()
            names = set(re.findall(r'"@(\w+)//', build_file))
        text = module_text(row, names, {**rows, **modules})
        write_module(folder, row, build_file, text, archives.find(row))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
