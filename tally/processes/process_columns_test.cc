#include "tally/processes/process_columns.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "api/host/process_parameters.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tally/processes/process_record.h"
#include "tally/terminal/output.h"

namespace tallyman::tally {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::Not;

std::string TitlesOf(const ProcessColumns& columns) {
  return absl::StrJoin(columns, " ",
                       [](std::string* out, const ProcessColumn* column) {
                         out->append(column->title);
                       });
}

ProcessRecord Nginx() {
  return {.p = {{"pid", 812},
                {"name", "nginx"},
                {"command_line", "nginx -g 'daemon off;'"},
                {"user", "www-data"},
                {"state", "sleeping"},
                {"memory", 12 << 20},
                {"io_bytes_read", -1},
                {"nice", nullptr},
                {"cpu_seconds", 12.75},
                {"start_time", "2026-11-22T00:10:09.512+01:00"}},
          .cpu = 0.125};
}

// A row of these columns, without the titles.
std::string RowOf(std::string_view names, ProcessRecord record,
                  ProcessCellFormat format = {}) {
  const absl::StatusOr<ProcessColumns> columns = ParseColumns(names);
  EXPECT_TRUE(columns.ok()) << columns.status();
  if (!columns.ok()) return "";
  format.now = ParseServerTime("2026-11-22T01:12:10+01:00");
  const std::string table =
      RenderProcesses(*columns, {&record}, format, Output({.no_color = true}));
  return table.substr(table.find('\n') + 1);
}

TEST(ProcessColumnsTest, KnowsTheKeysOfTheApi) {
  std::vector<std::string_view> keys;
  for (const std::string_view key : api::ProcessKeyNames()) {
    keys.push_back(key);
  }
  EXPECT_THAT(ApiKeys(), ElementsAreArray(keys));
}

TEST(ProcessColumnsTest, AWiderTerminalShowsMore) {
  EXPECT_EQ(TitlesOf(LayoutFor({.columns = 30})), "PID MEM COMMAND");
  EXPECT_EQ(TitlesOf(LayoutFor({.columns = 80})),
            "PID USER CPU% MEM STATE COMMAND");
  EXPECT_EQ(TitlesOf(LayoutFor({.columns = 120})),
            "PID USER CPU% MEM THR STATE TIME AGE COMMAND");
  EXPECT_EQ(TitlesOf(LayoutFor({.columns = 0})),
            TitlesOf(LayoutFor({.columns = 120})));
  EXPECT_EQ(TitlesOf(LayoutFor({.columns = 200, .is_tree = true})),
            "PID PPID USER CPU% MEM +CHILDREN PEAK READ WRITTEN THR STATE TIME "
            "AGE UNIT COMMAND");
  EXPECT_EQ(TitlesOf(LayoutFor({.columns = 80, .has_instances = true})),
            "PID USER CPU% MEM STATE INSTANCE COMMAND");
}

TEST(ProcessColumnsTest, CellsAreForPeople) {
  EXPECT_EQ(RowOf("pid,user,cpu,memory,age,cpu_seconds,state", Nginx()),
            "812  www-data  12.5  12.0M  1h02m   12s  sleeping\n");
  EXPECT_EQ(RowOf("start_time,command_line", Nginx()),
            "2026-11-22 00:10:09  nginx -g 'daemon off;'\n");
  EXPECT_EQ(RowOf("io_bytes_read,nice,unit", Nginx()), "   -   -  -\n");
}

TEST(ProcessColumnsTest, AProcessWithoutACommandLineShowsItsName) {
  ProcessRecord record = Nginx();
  record.p["command_line"] = "";
  EXPECT_EQ(RowOf("command_line", record), "[nginx]\n");
}

TEST(ProcessColumnsTest, LinesOfATree) {
  ProcessRecord record = Nginx();
  record.guides = "| `";
  EXPECT_EQ(RowOf("command_line", record, {.is_tree = true}),
            "│     └─ nginx -g 'daemon off;'\n");
  EXPECT_EQ(RowOf("command_line", record, {.is_tree = true, .has_utf8 = false}),
            "|     `- nginx -g 'daemon off;'\n");
}

TEST(ProcessColumnsTest, HostileTextIsMadePrintable) {
  ProcessRecord record = Nginx();
  record.p["command_line"] = "evil \x1b[2J\nname";
  EXPECT_EQ(RowOf("command_line", record), "evil ·[2J name\n");
}

TEST(ProcessColumnsTest, NamesTheNearestKey) {
  const absl::Status status = ParseColumns("pid,memry").status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(status.message(), HasSubstr("did you mean memory?"));
  EXPECT_THAT(ParseColumns("zzzzzz").status().message(),
              Not(HasSubstr("did you mean")));
  EXPECT_TRUE(CheckColumnName("--sort", "cpu").ok());
}

}  // namespace
}  // namespace tallyman::tally
