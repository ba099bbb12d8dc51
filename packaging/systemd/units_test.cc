// systemd itself reads the units. Skipped where systemd-analyze(1) is not
// installed; the tests of what the units must say run everywhere.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "platform/testing/temp_directory.h"
#include "tools/harness/child_process.h"

namespace tallyman {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kAnalyze[] = "/usr/bin/systemd-analyze";
constexpr std::string_view kBinary = "/usr/bin/tallyman";

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  CHECK(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string Unit(std::string_view name) {
  return ReadFile(absl::StrCat("packaging/systemd/", name));
}

std::vector<std::string> Lines(std::string_view name) {
  return absl::StrSplit(Unit(name), '\n');
}

struct Finished {
  int status = 0;
  std::string output;
};

class UnitsTest : public testing::Test {
 protected:
  // systemd-analyze(1) says that an ExecStart= is missing: this file stands in
  // for the binary.
  void Install(std::string_view name, std::string_view as) const {
    const std::string path = absl::StrCat(directory_.path(), "/", as);
    std::filesystem::create_directories(
        std::filesystem::path(path).parent_path());
    std::ofstream(path) << absl::StrReplaceAll(Unit(name),
                                               {{kBinary, "/bin/true"}});
  }

  Finished Analyze(std::vector<std::string> arguments) const {
    const std::string output = absl::StrCat(directory_.path(), "/output");
    const base::UniqueFd fd(open(output.c_str(),
                                 O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                                 S_IRUSR | S_IWUSR));
    CHECK(fd.valid());
    arguments.insert(arguments.begin(), kAnalyze);
    auto child = harness::ChildProcess::Start(
        {.program = kAnalyze,
         .arguments = std::move(arguments),
         .environment = {{"SYSTEMD_PAGER=cat", "SYSTEMD_COLORS=0",
                          // "": besides these, the usual folders.
                          absl::StrCat("SYSTEMD_UNIT_PATH=", directory_.path(),
                                       ":")}},
         .output = fd.get(),
         .error = fd.get()});
    CHECK_OK(child);
    const std::optional<int> status = (*child)->Wait();
    return {.status = *status, .output = ReadFile(output)};
  }

  std::string path(std::string_view name) const {
    return absl::StrCat(directory_.path(), "/", name);
  }

  const platform::TempDirectory directory_;
};

TEST_F(UnitsTest, SystemdReadsThem) {
  if (access(kAnalyze, X_OK) != 0) {
    GTEST_SKIP() << kAnalyze << " is not installed";
  }
  Install("tallyman.service", "tallyman.service");
  Install("tallyman.socket", "tallyman.socket");
  for (const bool is_hardened : {false, true}) {
    if (is_hardened) {
      Install("hardening.conf", "tallyman.service.d/hardening.conf");
    }
    // The manual page comes with the package.
    const Finished verified =
        Analyze({"verify", "--man=no", path("tallyman.service"),
                 path("tallyman.socket")});
    EXPECT_EQ(verified.status, 0) << verified.output;
    EXPECT_EQ(verified.output, "");
  }
  // The tool sees mistakes at all.
  std::ofstream(path("tallyman.service"), std::ios::app)
      << "\n[Service]\nKillMod=process\n";
  EXPECT_THAT(Analyze({"verify", "--man=no", path("tallyman.service")}).output,
              HasSubstr("KillMod"));
}

TEST(UnitLinesTest, InstancesOutliveTheServerAndKeepTheirRights) {
  const std::vector<std::string> lines = Lines("tallyman.service");
  for (const char* const line :
       {"Type=notify", "KillMode=process", "Delegate=yes", "WatchdogSec=30",
        "OOMPolicy=continue", "User=tallyman", "StateDirectoryMode=0700"}) {
    EXPECT_THAT(lines, Contains(line));
  }
  // Those that imply NoNewPrivileges= (systemd.exec(5)), or new mounts.
  for (const char* const option : {"NoNewPrivileges=",
                                   "DynamicUser=",
                                   "LockPersonality=",
                                   "MemoryDenyWriteExecute=",
                                   "PrivateDevices=",
                                   "PrivateTmp=",
                                   "ProtectClock=",
                                   "ProtectHome=",
                                   "ProtectHostname=",
                                   "ProtectKernelLogs=",
                                   "ProtectKernelModules=",
                                   "ProtectKernelTunables=",
                                   "ProtectProc=",
                                   "ProtectSystem=",
                                   "RestrictAddressFamilies=",
                                   "RestrictNamespaces=",
                                   "RestrictRealtime=",
                                   "RestrictSUIDSGID=",
                                   "SystemCallArchitectures=",
                                   "SystemCallFilter="}) {
    EXPECT_THAT(lines, Not(Contains(StartsWith(option))));
  }
}

TEST(UnitLinesTest, TheSocketIsWithoutTls) {
  EXPECT_THAT(Lines("tallyman.socket"), Contains("FileDescriptorName=http"));
}

}  // namespace
}  // namespace tallyman
