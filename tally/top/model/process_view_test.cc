#include "tally/top/model/process_view.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tally/top/model/host_process.h"
#include "tally/top/model/input.h"
#include "tally/top/model/process_columns.h"
#include "tally/top/model/process_table.h"

namespace tallyman::tally {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

HostProcess Make(int64_t pid, int64_t ppid, const std::string& name,
                 int64_t memory) {
  return {.pid = pid,
          .start_time = "a",
          .ppid = ppid,
          .name = name,
          .command_line = absl::StrCat("/bin/", name),
          .user = pid < 10 ? "root" : "app",
          .state = "sleeping",
          .memory = memory,
          .num_threads = 1,
          .cpu_seconds = 0};
}

// init(1) ─ sshd(2) ─ bash(10) ─ vim(11)
//         └ web(20)
std::vector<HostProcess> Family() {
  return {Make(1, 0, "init", 10), Make(2, 1, "sshd", 20),
          Make(10, 2, "bash", 5), Make(11, 10, "vim", 300),
          Make(20, 1, "web", 100)};
}

Key Text(std::string text) {
  return {.code = KeyCode::kText, .text = std::move(text)};
}

std::vector<std::string> Names(const ProcessView& view) {
  std::vector<std::string> names;
  for (const ProcessRecord* record : view.rows()) {
    names.push_back(absl::StrCat(record->guides, record->process.name));
  }
  return names;
}

ProcessView Shown() {
  ProcessView view;
  view.Resize(10, 80);
  view.Apply({.time = kStart, .processes = Family()});
  return view;
}

TEST(ProcessViewTest, SortsByMemoryAtFirst) {
  ProcessView view = Shown();
  EXPECT_THAT(Names(view), ElementsAre("vim", "web", "sshd", "init", "bash"));
  EXPECT_EQ(view.summary().count, 5);
  EXPECT_EQ(view.summary().memory, 435);
}

TEST(ProcessViewTest, KeysSort) {
  ProcessView view = Shown();
  EXPECT_TRUE(view.OnKey(Text("N")));
  EXPECT_THAT(Names(view), ElementsAre("init", "sshd", "bash", "vim", "web"));
  EXPECT_TRUE(view.OnKey(Text("I")));
  EXPECT_THAT(Names(view), ElementsAre("web", "vim", "bash", "sshd", "init"));
  EXPECT_TRUE(view.OnKey(Text(">")));
  EXPECT_EQ(view.order().column, ColumnId::kUser);
  EXPECT_THAT(Names(view), ElementsAre("vim", "web", "bash", "sshd", "init"));
  EXPECT_TRUE(view.OnKey(Text("<")));
  EXPECT_TRUE(view.OnKey(Text("<"))) << "there is none to the left";
  EXPECT_EQ(view.order().column, ColumnId::kPid);
  EXPECT_FALSE(view.OnKey(Text("x")));
}

TEST(ProcessViewTest, AClickOnAHeadSorts) {
  ProcessView view = Shown();
  for (const PlacedColumn& placed : PlaceColumns(80)) {
    if (placed.column->id != ColumnId::kName) continue;
    view.ClickHeader(placed.x);
    EXPECT_THAT(Names(view), ElementsAre("bash", "init", "sshd", "vim", "web"));
    view.ClickHeader(placed.x + placed.width - 1);
    EXPECT_THAT(Names(view), ElementsAre("web", "vim", "sshd", "init", "bash"));
  }
}

TEST(ProcessViewTest, TheTreeSumsUpAndKeepsAncestors) {
  ProcessView view = Shown();
  view.OnKey(Text("t"));
  EXPECT_THAT(Names(view),
              ElementsAre("init", "├sshd", "│└bash", "│ └vim", "└web"));
  EXPECT_EQ(view.rows()[0]->memory_sum, 435);
  EXPECT_EQ(view.rows()[1]->memory_sum, 325);

  view.SetSearch("vim");
  EXPECT_THAT(Names(view), ElementsAre("init", "└sshd", " └bash", "  └vim"));
  EXPECT_FALSE(view.rows()[0]->is_match);
  EXPECT_TRUE(view.rows()[3]->is_match);
  EXPECT_EQ(view.summary().count, 1);
}

TEST(ProcessViewTest, BranchesClose) {
  ProcessView view = Shown();
  view.OnKey(Text("t"));
  view.OnKey(Text("j"));
  view.OnKey({.code = KeyCode::kLeft});
  EXPECT_THAT(Names(view), ElementsAre("init", "├sshd", "└web"));
  view.OnKey(Text(" "));
  EXPECT_EQ(Names(view).size(), 5U);
  view.OnKey(Text("*"));
  EXPECT_THAT(Names(view), ElementsAre("init"));
  view.OnKey(Text("*"));
  EXPECT_EQ(Names(view).size(), 5U);
}

TEST(ProcessViewTest, ParentsInACircleAreRoots) {
  ProcessView view;
  view.Resize(10, 80);
  view.Apply({.time = kStart,
              .processes = {Make(5, 6, "five", 1), Make(6, 5, "six", 2)}});
  view.OnKey(Text("t"));
  EXPECT_THAT(Names(view), ElementsAre("six", "five"));
}

TEST(ProcessViewTest, TheSelectionStaysWithItsProcess) {
  ProcessView view = Shown();
  view.OnKey(Text("j"));
  EXPECT_EQ(view.selected()->process.name, "web");
  view.OnKey(Text("N"));
  EXPECT_EQ(view.selected()->process.name, "web");
  EXPECT_EQ(view.cursor().selected, 4);

  view.Apply({.time = kStart + absl::Seconds(1),
              .entered = {},
              .changed = {},
              .gone = {{.pid = 20, .start_time = "a"}}});
  EXPECT_EQ(view.selected()->process.name, "vim") << "the nearest row";
}

TEST(ProcessViewTest, AHeldOrderKeepsRowsWhereTheyAre) {
  ProcessView view = Shown();
  view.OnKey(Text("h"));
  EXPECT_TRUE(view.is_held());
  std::vector<HostProcess> family = Family();
  family[0].memory = 10'000;
  family.push_back(Make(30, 1, "late", 90'000));
  view.Apply({.time = kStart + absl::Seconds(2), .processes = family});
  EXPECT_THAT(Names(view),
              ElementsAre("vim", "web", "sshd", "init", "bash", "late"));
  view.OnKey(Text("h"));
  EXPECT_THAT(Names(view),
              ElementsAre("late", "init", "vim", "web", "sshd", "bash"));
}

TEST(ProcessViewTest, AWrongSearchLeavesTheList) {
  ProcessView view = Shown();
  view.SetSearch("user:root");
  EXPECT_THAT(Names(view), ElementsAre("sshd", "init"));
  view.SetSearch("user:root color:");
  EXPECT_THAT(Names(view), ElementsAre("sshd", "init"));
  EXPECT_NE(view.search_error(), "");
  view.SetSearch("");
  EXPECT_EQ(view.search_error(), "");
  EXPECT_EQ(Names(view).size(), 5U);
}

TEST(ProcessViewTest, TheListScrollsWithTheSelection) {
  ProcessView view;
  view.Resize(3, 80);
  view.Apply({.time = kStart, .processes = Family()});
  view.OnKey({.code = KeyCode::kEnd});
  EXPECT_EQ(view.cursor().selected, 4);
  EXPECT_EQ(view.cursor().top, 2);
  view.OnKey({.code = KeyCode::kPageUp});
  EXPECT_EQ(view.cursor().selected, 1);
  EXPECT_EQ(view.cursor().top, 1);
  EXPECT_FALSE(view.Click(2)) << "another row";
  EXPECT_TRUE(view.Click(2));
  EXPECT_EQ(view.cursor().selected, 3);
  EXPECT_FALSE(view.Click(9)) << "below the list";
}

TEST(ProcessViewTest, AsksForTheFieldsOfItsColumnsAndItsSearch) {
  ProcessView view = Shown();
  EXPECT_THAT(view.Fields(), Contains("memory"));
  EXPECT_THAT(view.Fields(), Not(Contains("io_bytes_read")));
  view.SetSearch("read>1K");
  EXPECT_THAT(view.Fields(), Contains("io_bytes_read"));
  view.SetSearch("");
  view.Resize(10, 200);
  EXPECT_THAT(view.Fields(), Contains("io_bytes_read"));
  EXPECT_THAT(view.Fields(), Contains("instance"));
}

}  // namespace
}  // namespace tallyman::tally
