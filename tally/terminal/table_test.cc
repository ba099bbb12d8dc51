#include "tally/terminal/table.h"

#include <cstdlib>
#include <string>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "tally/terminal/output.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

class TableTest : public testing::Test {
 protected:
  // NOLINTBEGIN(concurrency-mt-unsafe): the test has one thread.
  ~TableTest() override { unsetenv("COLUMNS"); }
  static std::string Render(const Table& table, const char* columns) {
    setenv("COLUMNS", columns, 1);
    // A descriptor that is no terminal.
    return table.Render(Output({.out_fd = -1}));
  }
  // NOLINTEND(concurrency-mt-unsafe)

  static Table Example() {
    Table table({{.title = "NAME", .shrinks = true},
                 {.title = "PID", .align = Align::kRight},
                 {.title = "COMMAND", .shrinks = true}});
    table.Add({{.text = "web"}, {.text = "7"}, {.text = "./web --port=80"}});
    table.Add(
        {{.text = "worker-with-a-name"}, {.text = "81234"}, {.text = "a\nb"}});
    return table;
  }
};

TEST_F(TableTest, AlignsColumns) {
  EXPECT_EQ(Render(Example(), "0"),
            "NAME                  PID  COMMAND\n"
            "web                     7  ./web --port=80\n"
            "worker-with-a-name  81234  a b\n");
}

TEST_F(TableTest, TheLastColumnIsCutFirst) {
  EXPECT_EQ(Render(Example(), "36"),
            "NAME                  PID  COMMAND\n"
            "web                     7  ./web --…\n"
            "worker-with-a-name  81234  a b\n");
}

TEST_F(TableTest, NoLineIsLongerThanTheTerminal) {
  for (int columns = 1; columns < 50; ++columns) {
    const std::string text = Render(Example(), std::to_string(columns).c_str());
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      EXPECT_LE(Columns(line), columns) << line;
    }
  }
}

TEST_F(TableTest, WideCharactersTakeTwoColumns) {
  Table table({{.title = "A"}, {.title = "B"}});
  table.Add({{.text = "日本"}, {.text = "x"}});
  table.Add({{.text = "ab"}, {.text = "y"}});
  EXPECT_EQ(Render(table, "0"), "A     B\n日本  x\nab    y\n");
}

}  // namespace
}  // namespace tallyman::tally
