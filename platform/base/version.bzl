"""The version of Tallyman, and the source that hands it to version.h."""

load("//tools/stamp:stamped_file.bzl", "stamped_file")

# MODULE.bazel has the same, which a test compares.
VERSION = "0.1.0"

def version_values(name, out, **kwargs):
    """Writes the definitions of Version() and BuildCommit() to the file `out`.

    Args:
      name: of the target.
      out: name of the file.
      **kwargs: as in stamped_file().
    """
    stamped_file(
        name = name,
        out = out,
        content = """\
#include <string_view>

#include "platform/base/version.h"

namespace tallyman::base {

std::string_view Version() { return "%s"; }

std::string_view BuildCommit() { return "@COMMIT@"; }

}  // namespace tallyman::base
""" % VERSION,
        unstamped = {"COMMIT": ""},
        **kwargs
    )
