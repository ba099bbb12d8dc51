// Fails if MODULE.bazel, WORKSPACE and the tables of this folder disagree about
// a version, a name or a library; and shows that such a difference is found.

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/version.h"
#include "third_party/version_lists.h"

namespace tallyman::third_party {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string ReadFile(const std::string& path) {
  const std::ifstream file(path);
  EXPECT_TRUE(file.is_open()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Replaces `from`, which must be in `text`, once.
std::string Replaced(std::string text, std::string_view from,
                     std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

// The files of this repository.
VersionLists Repository() {
  return {.table = ReadFile("third_party/version_table.txt"),
          .module_bazel = ReadFile("MODULE.bazel"),
          .workspace = ReadFile("WORKSPACE"),
          .benchmark_build = ReadFile("third_party/benchmark.BUILD"),
          .server_version = std::string(base::Version())};
}

TEST(RepositoryTest, ListsAgree) {
  EXPECT_THAT(Differences(Repository()), IsEmpty());
}

// A small set of lists that agree; each test below plants one difference.
VersionLists Example() {
  return {.table =
              "module_only rules_cc rules_cc 0.0.17\n"
              "module com_google_absl abseil-cpp 20240722.0\n"
              "module com_github_google_benchmark google_benchmark 1.9.1\n"
              "extension sqlite3\n"
              "indirect bazel_skylib\n"
              "workspace com_google_absl\n"
              "workspace com_github_google_benchmark\n"
              "workspace sqlite3\n"
              "workspace bazel_skylib\n",
          .module_bazel = R"(
# bazel_dep(name = "in_a_comment", version = "1")
module(
    name = "tallyman",
    version = "0.1.0",
)
bazel_dep(name = "abseil-cpp", version = "20240722.0", repo_name = "com_google_absl")
bazel_dep(name = "rules_cc", version = "0.0.17")
bazel_dep(
    name = "google_benchmark",
    version = "1.9.1",
    dev_dependency = True,
    repo_name = "com_github_google_benchmark",
)
single_version_override(
    module_name = "abseil-cpp",
    version = "20240722.0",
)
libraries = use_extension("//third_party:extensions.bzl", "libraries")
use_repo(libraries, "sqlite3")
register_toolchains(
    "//tools/toolchains:windows",
    dev_dependency = True,
)
)",
          .workspace = R"(
workspace(name = "tallyman")
register_toolchains("//tools/toolchains:windows")
)",
          .benchmark_build = R"(["BENCHMARK_VERSION='\"1.9.1\"'"])",
          .server_version = "0.1.0"};
}

TEST(DifferencesTest, NoneInTheExample) {
  EXPECT_THAT(Differences(Example()), IsEmpty());
}

TEST(DifferencesTest, AnotherVersionOfAModule) {
  VersionLists lists = Example();
  lists.module_bazel = Replaced(lists.module_bazel, "0.0.17", "0.0.18");
  EXPECT_THAT(Differences(lists),
              ElementsAre("module rules_cc: version \"0.0.18\" in "
                          "MODULE.bazel, and \"0.0.17\" in archives.bzl"));
}

TEST(DifferencesTest, AnotherVersionInTheTable) {
  VersionLists lists = Example();
  lists.table = Replaced(lists.table, "20240722.0", "20250127.0");
  EXPECT_THAT(Differences(lists),
              ElementsAre(HasSubstr("abseil-cpp: version \"20240722.0\""),
                          HasSubstr("abseil-cpp: overriding version")));
}

TEST(DifferencesTest, ModuleThatMissesInModuleBazel) {
  VersionLists lists = Example();
  lists.module_bazel = Replaced(
      lists.module_bazel, "bazel_dep(name = \"rules_cc\"", "ignored(\"x\"");
  EXPECT_THAT(Differences(lists),
              ElementsAre("module rules_cc: in archives.bzl, and not in "
                          "MODULE.bazel"));
}

TEST(DifferencesTest, ModuleThatMissesInTheTable) {
  VersionLists lists = Example();
  lists.module_bazel += "bazel_dep(name = \"zlib\", version = \"1.3\")\n";
  EXPECT_THAT(
      Differences(lists),
      ElementsAre("module zlib: in MODULE.bazel, and not in archives.bzl"));
}

TEST(DifferencesTest, AnotherNameOfARepository) {
  VersionLists lists = Example();
  lists.module_bazel =
      Replaced(lists.module_bazel, ", repo_name = \"com_google_absl\"", "");
  EXPECT_THAT(Differences(lists),
              ElementsAre("module abseil-cpp: repository \"abseil-cpp\" in "
                          "MODULE.bazel, and \"com_google_absl\" in "
                          "archives.bzl"));
}

TEST(DifferencesTest, AnotherOverridingVersion) {
  VersionLists lists = Example();
  lists.module_bazel =
      Replaced(lists.module_bazel, "    version = \"20240722.0\"",
               "    version = \"20250127.0\"");
  EXPECT_THAT(Differences(lists),
              ElementsAre(HasSubstr("overriding version \"20250127.0\"")));
}

TEST(DifferencesTest, LibraryThatMissesInModuleBazel) {
  VersionLists lists = Example();
  lists.module_bazel =
      Replaced(lists.module_bazel, "use_repo(libraries, \"sqlite3\")", "");
  EXPECT_THAT(Differences(lists),
              ElementsAre("sqlite3: in the extension, and not in "
                          "use_repo(libraries) of MODULE.bazel"));
}

TEST(DifferencesTest, LibraryThatNoWorkspaceDeclares) {
  VersionLists lists = Example();
  lists.table = Replaced(lists.table, "workspace bazel_skylib\n", "");
  EXPECT_THAT(Differences(lists),
              ElementsAre("bazel_skylib: in the table, and not in LIBRARIES of "
                          "deps.bzl"));
}

TEST(DifferencesTest, LibraryOfDepsThatMissesInTheTable) {
  VersionLists lists = Example();
  lists.table += "workspace zlib\n";
  EXPECT_THAT(Differences(lists),
              ElementsAre("zlib: in LIBRARIES of deps.bzl, and not in the "
                          "table"));
}

TEST(DifferencesTest, ToolchainOfWorkspaceOnly) {
  VersionLists lists = Example();
  lists.module_bazel =
      Replaced(lists.module_bazel, "\"//tools/toolchains:windows\",", "");
  EXPECT_THAT(Differences(lists),
              ElementsAre("//tools/toolchains:windows: in WORKSPACE, and not "
                          "in register_toolchains() of MODULE.bazel"));
}

TEST(DifferencesTest, OwnNameAndVersion) {
  VersionLists lists = Example();
  lists.workspace = Replaced(lists.workspace, "tallyman", "other");
  lists.server_version = "0.2.0";
  EXPECT_THAT(Differences(lists),
              ElementsAre("MODULE.bazel is of tallyman, and WORKSPACE of other",
                          "MODULE.bazel has version 0.1.0, and "
                          "platform/base/version.bzl 0.2.0"));
}

TEST(DifferencesTest, VersionThatBenchmarkPrints) {
  VersionLists lists = Example();
  lists.benchmark_build = Replaced(lists.benchmark_build, "1.9.1", "1.9.0");
  EXPECT_THAT(Differences(lists),
              ElementsAre("benchmark.BUILD has version \"1.9.0\", and "
                          "archives.bzl \"1.9.1\""));
}

TEST(DifferencesTest, EmptyFiles) {
  EXPECT_THAT(Differences({}),
              ElementsAre("the table has no module", HasSubstr("no module()")));
}

}  // namespace
}  // namespace tallyman::third_party
