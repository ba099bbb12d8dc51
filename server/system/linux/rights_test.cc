// Recorded files of /proc: of root, of a user on a plain machine, and of users
// under hidepid=.

#include "server/system/rights.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/testing/temp_directory.h"

namespace tallyman::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kAll = "000001ffffffffff";
constexpr std::string_view kNone = "0000000000000000";

constexpr std::string_view kDetails =
    "io counters and details of processes of other users (CAP_SYS_PTRACE)";
constexpr std::string_view kUsers =
    "instances that run as other users (CAP_KILL, CAP_SETGID, CAP_SETUID)";

class RightsTest : public testing::Test {
 protected:
  void Write(std::string_view name, std::string_view text) const {
    const std::string self = absl::StrCat(root_.path(), "/self");
    std::filesystem::create_directories(self);
    std::ofstream(absl::StrCat(self, "/", name)) << text;
  }

  // As the kernel writes it; `gid` is the group of all four kinds.
  void WriteStatus(std::string_view capabilities, std::string_view gid = "998",
                   std::string_view groups = "") const {
    Write("status",
          absl::StrCat("Name:\ttallyman\nUmask:\t0022\nState:\tR (running)\n"
                       "Uid:\t998\t998\t998\t998\nGid:\t",
                       gid, "\t", gid, "\t", gid, "\t", gid,
                       "\nFDSize:\t256\nGroups:\t", groups,
                       " \nCapInh:\t0000000000000000\nCapPrm:\t", capabilities,
                       "\nCapEff:\t", capabilities,
                       "\nCapBnd:\t000001ffffffffff\n"
                       "CapAmb:\t0000000000000000\nNoNewPrivs:\t0\n"));
  }

  void WriteProcOptions(std::string_view options) const {
    Write("mountinfo",
          absl::StrCat(
              "22 28 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
              "23 28 0:21 / /proc rw,nosuid,nodev shared:13 - proc proc rw\n"
              "30 23 0:26 / /proc/sys/fs/binfmt_misc rw - autofs systemd-1 rw\n"
              "90 23 0:21 / /proc rw,nosuid shared:13 - proc proc ",
              options, "\n"));
  }

  std::vector<std::string> Missing() const {
    return MissingRights(root_.path());
  }

  const platform::TempDirectory root_;
};

TEST_F(RightsTest, RootLacksNothing) {
  WriteStatus(kAll, "0");
  WriteProcOptions("rw,hidepid=invisible");
  EXPECT_THAT(Missing(), IsEmpty());
}

TEST_F(RightsTest, AUserLacksDetailsAndOtherUsers) {
  WriteStatus(kNone);
  WriteProcOptions("rw");
  EXPECT_THAT(Missing(), ElementsAre(kDetails, kUsers));
}

// The user id is 0 in a container, the capabilities decide.
TEST_F(RightsTest, RootWithoutCapabilitiesIsAUser) {
  // The default of container runtimes: with CAP_KILL, CAP_SETGID, CAP_SETUID.
  WriteStatus("00000000a80425fb", "0");
  WriteProcOptions("rw");
  EXPECT_THAT(Missing(), ElementsAre(kDetails));
}

TEST_F(RightsTest, NamesTheCapabilitiesThatAreMissing) {
  // CAP_SYS_PTRACE, as AmbientCapabilities= gives it, and CAP_SETUID.
  WriteStatus("0000000000080080");
  WriteProcOptions("rw,hidepid=2");
  EXPECT_THAT(Missing(),
              ElementsAre("instances that run as other users (CAP_KILL, "
                          "CAP_SETGID)"));
}

TEST_F(RightsTest, HidepidHidesProcesses) {
  WriteStatus(kNone);
  for (const std::string_view level :
       {"1", "2", "4", "noaccess", "invisible", "ptraceable"}) {
    WriteProcOptions(absl::StrCat("rw,hidepid=", level));
    EXPECT_THAT(
        Missing(),
        ElementsAre(kDetails,
                    absl::StrCat("processes of other users (/proc is mounted "
                                 "with hidepid=",
                                 level, ")"),
                    kUsers));
  }
  for (const std::string_view level : {"0", "off"}) {
    WriteProcOptions(absl::StrCat("rw,hidepid=", level));
    EXPECT_THAT(Missing(), ElementsAre(kDetails, kUsers)) << level;
  }
}

TEST_F(RightsTest, MembersOfTheGroupSeeAll) {
  WriteStatus(kNone, "998", "4 27 ");
  WriteProcOptions("rw,gid=27,hidepid=invisible");
  EXPECT_THAT(Missing(), ElementsAre(kDetails, kUsers));
  WriteProcOptions("rw,gid=28,hidepid=invisible");
  EXPECT_EQ(Missing().size(), 3u);
  WriteProcOptions("rw,gid=27,hidepid=ptraceable");
  EXPECT_EQ(Missing().size(), 3u);
  // Without gid= it is group 0.
  WriteProcOptions("rw,hidepid=invisible");
  EXPECT_EQ(Missing().size(), 3u);
  WriteStatus(kNone, "0");
  EXPECT_THAT(Missing(), ElementsAre(kDetails, kUsers));
}

TEST_F(RightsTest, SkipsFilesThatAreNotThere) {
  EXPECT_THAT(Missing(), IsEmpty());
  WriteStatus(kNone);
  EXPECT_THAT(Missing(), ElementsAre(kDetails, kUsers));
}

}  // namespace
}  // namespace tallyman::server
