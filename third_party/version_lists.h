// Compares the places that name versions of libraries: the tables of
// archives.bzl and deps.bzl, which WORKSPACE uses, and MODULE.bazel, which
// Bazel 7 and newer read.

#ifndef TALLYMAN_THIRD_PARTY_VERSION_LISTS_H_
#define TALLYMAN_THIRD_PARTY_VERSION_LISTS_H_

#include <string>
#include <string_view>
#include <vector>

namespace tallyman::third_party {

// The texts of the files.
struct VersionLists {
  // Written by version_table() of versions.bzl, which has the format.
  std::string table;
  // MODULE.bazel and WORKSPACE of this repository.
  std::string module_bazel;
  std::string workspace;
  // third_party/benchmark.BUILD, which hands a version to its library.
  std::string benchmark_build;
  // The version of the server.
  std::string server_version;
};

// Returns a sentence for each difference; none if all agree. Understands calls
// at the start of a line, with strings, names and comments, as buildifier
// formats them.
std::vector<std::string> Differences(const VersionLists& lists);

}  // namespace tallyman::third_party

#endif  // TALLYMAN_THIRD_PARTY_VERSION_LISTS_H_
