// The version of Tallyman, and the commit that a stamped build was made from.
//
//   std::cout << base::VersionLine("tallyman");  // "tallyman 0.1.0"
//
// Only --config=release stamps a build. Others do not know their commit, so
// that their bytes depend on the sources alone.

#ifndef TALLYMAN_PLATFORM_BASE_VERSION_H_
#define TALLYMAN_PLATFORM_BASE_VERSION_H_

#include <string>
#include <string_view>

namespace tallyman::base {

// The version in version.bzl, "0.1.0", by the rules of Semantic Versioning.
std::string_view Version();

// The commit in 40 hex digits, with "-dirty" after them if the work tree had
// other changes; "" in a build that is not stamped.
std::string_view BuildCommit();

// What --version prints, a line with its end: "tallyman 0.1.0", and in a
// stamped build "tallyman 0.1.0 (commit 6cf9a2c…)" with the whole
// BuildCommit().
std::string VersionLine(std::string_view program);

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_VERSION_H_
