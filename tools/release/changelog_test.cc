// changelog.sh finds the section of a version, and says what is wrong with
// others.

#include <fcntl.h>

#include <csignal>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "platform/testing/temp_directory.h"
#include "tools/harness/child_process.h"

namespace tallyman {
namespace {

using ::testing::HasSubstr;

constexpr char kChangelog[] = R"(# Changelog

The text before the sections.

## [Unreleased]

## 1.10.0 - 2026-11-28

### Added

- A **thing** & another (`/`), [linked](docs/a.md).


### Fixed

- A fault.

## 1.1.0

- Old.
)";

struct Outcome {
  std::string end;  // "exited with code 0".
  std::string output;
  std::string error;
};

class ChangelogTest : public testing::Test {
 protected:
  ChangelogTest() { std::ofstream(path_) << kChangelog; }

  // Runs the script for this version of this file.
  Outcome Section(const std::string& version, const std::string& file) {
    const std::string output = absl::StrCat(directory_.path(), "/output");
    const std::string error = absl::StrCat(directory_.path(), "/error");
    const base::UniqueFd output_fd = Create(output);
    const base::UniqueFd error_fd = Create(error);
    const absl::StatusOr<std::unique_ptr<harness::ChildProcess>> child =
        harness::ChildProcess::Start(
            {.program = "tools/release/changelog.sh",
             .arguments = {"changelog.sh", file, version},
             .output = output_fd.get(),
             .error = error_fd.get(),
             .death_signal = SIGKILL});
    CHECK_OK(child);
    const std::string end = harness::DescribeEnd(*(*child)->Wait());
    return {.end = end, .output = Read(output), .error = Read(error)};
  }
  Outcome Section(const std::string& version) {
    return Section(version, path_);
  }

 private:
  static base::UniqueFd Create(const std::string& path) {
    base::UniqueFd fd(
        open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    CHECK(fd.valid()) << path;
    return fd;
  }

  static std::string Read(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  const platform::TempDirectory directory_;
  const std::string path_ = absl::StrCat(directory_.path(), "/CHANGELOG.md");
};

TEST_F(ChangelogTest, PrintsTheSectionWithoutItsHeading) {
  const Outcome run = Section("1.10.0");
  EXPECT_EQ(run.end, "exited with code 0");
  EXPECT_EQ(run.output, R"(### Added

- A **thing** & another (`/`), [linked](docs/a.md).


### Fixed

- A fault.
)");
}

TEST_F(ChangelogTest, TheLastSectionEndsWithTheFile) {
  EXPECT_EQ(Section("1.1.0").output, "- Old.\n");
}

TEST_F(ChangelogTest, ADotIsADot) {
  const Outcome run = Section("1x1.0");
  EXPECT_EQ(run.end, "exited with code 1");
  EXPECT_EQ(run.output, "");
}

TEST_F(ChangelogTest, NamesTheSectionsThatAreThere) {
  const Outcome run = Section("2.0.0");
  EXPECT_EQ(run.end, "exited with code 1");
  EXPECT_EQ(run.output, "");
  EXPECT_THAT(run.error,
              HasSubstr("has no section \"## 2.0.0\"; it has: [Unreleased], "
                        "1.10.0 - 2026-11-28, 1.1.0\n"));
}

TEST_F(ChangelogTest, RefusesAnEmptySection) {
  const Outcome run = Section("Unreleased");
  EXPECT_EQ(run.end, "exited with code 1");
  EXPECT_THAT(run.error, HasSubstr("the section \"## Unreleased\" is empty"));
}

TEST_F(ChangelogTest, ReadsTheChangelogOfThisRepository) {
  EXPECT_THAT(Section("0.1.0", "CHANGELOG.md").output,
              HasSubstr("GET /server/processes"));
}

}  // namespace
}  // namespace tallyman
