#include "stacks/output/output_search.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "stacks/output/output_line.h"
#include "stacks/output/output_log.h"
#include "stacks/output/testing/output_log_fixture.h"

namespace tallyman::stacks {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

absl::Time At(int64_t second) { return absl::FromUnixSeconds(second); }

class OutputSearchTest : public OutputLogTest {
 protected:
  // Writes `text`, which is seen at `second`, after it was not there a second
  // before.
  void WriteAt(int64_t second, std::string_view text) {
    Write(Append(), text);
    ASSERT_TRUE(
        logs_->MarkTime(kWeb, At(second - 1), [&] { return At(second); }).ok());
  }
  FoundOutput Search(const OutputSearch& search) {
    absl::StatusOr<FoundOutput> found = SearchOutput(*logs_, kWeb, search);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? *std::move(found) : FoundOutput();
  }
  std::vector<std::string> Lines(const OutputSearch& search) {
    std::vector<std::string> lines;
    for (const FoundLine& line : Search(search).lines) {
      lines.push_back(line.text);
    }
    return lines;
  }
};

TEST_F(OutputSearchTest, FindsTheNewestLinesThatMatch) {
  Write(Append(), "a1\nb1\na2\r\nb2\na3\nb");
  const auto has_a = [](std::string_view line) {
    return absl::StrContains(line, 'a');
  };
  EXPECT_THAT(Lines({.matches = has_a}), ElementsAre("a1", "a2", "a3"));
  EXPECT_THAT(Lines({.matches = has_a, .max_lines = 2}),
              ElementsAre("a2", "a3"));
  EXPECT_THAT(Lines({.max_lines = 1}), ElementsAre("b"));
  EXPECT_TRUE(Search({.max_lines = 1}).has_older);
  EXPECT_FALSE(Search({}).has_older);
  EXPECT_TRUE(Search({}).lines.back().is_partial);
  // Only whole lines before a position.
  EXPECT_THAT(Lines({.end = 6}), ElementsAre("a1", "b1"));
}

TEST_F(OutputSearchTest, WithoutAFileNothingIsFound) {
  EXPECT_THAT(Lines({}), IsEmpty());
}

TEST_F(OutputSearchTest, FindsLinesByTheirTimes) {
  WriteAt(100, "a\nb\n");
  WriteAt(110, "c\npart");
  WriteAt(120, " of d\ne\n");
  EXPECT_THAT(Lines({.since = At(100)}),
              ElementsAre("a", "b", "c", "part of d", "e"));
  EXPECT_THAT(Lines({.since = At(101)}), ElementsAre("c", "part of d", "e"));
  // A line has the time of its end.
  EXPECT_THAT(Lines({.since = At(111)}), ElementsAre("part of d", "e"));
  EXPECT_THAT(Lines({.until = At(108)}), ElementsAre("a", "b"));
  // It may have been written from 109 on.
  EXPECT_THAT(Lines({.until = At(109)}), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Lines({.since = At(105), .until = At(115)}), ElementsAre("c"));
  EXPECT_THAT(Lines({.until = At(98)}), IsEmpty());
  // The file was changed now.
  EXPECT_THAT(Lines({.since = At(121)}), IsEmpty());
  Write(Append(), "f\n");
  EXPECT_THAT(Lines({.since = At(121)}), ElementsAre("f"));
}

TEST_F(OutputSearchTest, TimesLastOverRotations) {
  Open({.max_bytes = 4096});
  WriteAt(100, absl::StrCat(std::string(3000, 'a'), "\n"));
  WriteAt(110, absl::StrCat(std::string(3000, 'b'), "\n"));
  ASSERT_TRUE(Rotate());
  WriteAt(120, "c\n");
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(Lines({.since = At(115)}), ElementsAre("c"));
    EXPECT_THAT(Lines({.since = At(105)}),
                ElementsAre(std::string(3000, 'b'), "c"));
    EXPECT_THAT(Lines({.until = At(105)}), ElementsAre(std::string(3000, 'a')));
    Open({.max_bytes = 4096});  // As a server that starts again.
  }
}

// Each mark goes on exactly after its line.
TEST_F(OutputSearchTest, ReadsLargeOutputInPieces) {
  std::string text;
  for (int i = 0; i < 100000; ++i) absl::StrAppend(&text, "line ", i, "\n");
  const std::string huge(2 * kMaxOutputPieceBytes, 'x');
  Write(Append(), absl::StrCat(text, huge, "\nend\n"));
  const FoundOutput found = Search({.max_bytes = 1 << 20});
  EXPECT_TRUE(found.has_older);
  size_t bytes = 0;
  for (const FoundLine& line : found.lines) bytes += line.text.size();
  EXPECT_LT(bytes, size_t{1} << 20);
  EXPECT_EQ(found.lines.back().text, "end");
  EXPECT_EQ(found.lines.back().mark.offset,
            static_cast<int64_t>(text.size() + huge.size() + 5));
  EXPECT_TRUE(found.lines[found.lines.size() - 3].is_partial);
  EXPECT_THAT(Lines({.matches =
                         [](std::string_view line) {
                           return absl::EndsWith(line, " 65536");
                         }}),
              ElementsAre("line 65536"));
  EXPECT_EQ(Search({.max_bytes = int64_t{64} << 20}).lines.size(), 100003);
}

}  // namespace
}  // namespace tallyman::stacks
